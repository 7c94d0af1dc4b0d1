import type { CommandSpec } from './command.ts'

/** Judges local files. */
export const evaluateSpec = {
  id: 'evaluate',
  summary: 'Judges local files by refline.yml, with the same answer and the same lines as the job.',
  details:
    'It needs no GitHub and no token, and takes the rules of the file that it is given. Exit code 0: the gates pass; 1: one fails, or is inconclusive where the rules do not let that pass; 2: the files or the configuration cannot be used.',
  operands: [{ name: 'model', required: false, description: 'model of refline.yml; may be left out where there is only one' }],
  options: {
    predictions: { value: 'file', description: 'the predictions to judge: .csv, .jsonl (each also with .gz or .zst) or .parquet' },
    champion: { value: 'file', description: 'predictions to compare with, on the same rows; without them only absolute rules are judged' },
    metrics: { value: 'file', description: 'metrics that the training script reported, such as metrics.json' },
    config: { value: 'file', description: 'configuration with the rules; refline.yml by default' },
    output: { value: 'file', description: 'writes the whole answer as JSON, by refline.result.schema.json' },
    markdown: { value: 'file', description: 'writes the report as Markdown' },
  },
} as const satisfies CommandSpec

/** Brings rules over from MLflow. */
export const importSpec = {
  id: 'import',
  summary: "Makes gates of refline.yml out of MLflow's MetricThresholds and lists what could not be carried over.",
  details:
    'It reads Python (literal values only, nothing is run) or the same fields as JSON or YAML. Exit code 2 where nothing could be carried over.',
  operands: [{ name: 'file', required: true, description: '.py, .json, .yaml or .yml' }],
  options: {
    task: {
      value: 'task',
      description: 'binary, multiclass or regression; by default that of the model, else by the names of the metrics',
    },
    into: {
      value: 'file',
      description: 'configuration to write the gates into, such as refline.yml; its comments stay. By default they are printed',
    },
    model: { value: 'name', description: 'with --into: the model they are for; may be left out where there is only one' },
  },
} as const satisfies CommandSpec

/** All commands, as they are listed. */
export const commands: readonly CommandSpec[] = [evaluateSpec, importSpec]
