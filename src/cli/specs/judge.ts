import type { CommandSpec } from '../command.ts'
import { documentHead, jsonOption, modelOperand, modelOption, placeOptions } from './common.ts'

/** Judges local files. */
export const evaluateSpec = {
  id: 'evaluate',
  group: 'judge',
  summary: 'Judges local files by refline.yml, with the same answer and the same lines as the job.',
  details:
    'It needs no GitHub and no token, and takes the rules of the file that it is given. Exit code 0: the gates pass; 1: one fails, or is inconclusive where the rules do not let that pass; 2: the files or the configuration cannot be used.',
  operands: [modelOperand],
  options: {
    predictions: {
      value: 'file',
      description: 'the predictions to judge: .csv, .jsonl (each also with .gz or .zst) or .parquet',
      completes: 'file',
    },
    champion: {
      value: 'file',
      description: 'predictions to compare with, on the same rows; without them only absolute rules are judged',
      completes: 'file',
    },
    metrics: { value: 'file', description: 'metrics that the training script reported, such as metrics.json', completes: 'file' },
    config: { value: 'file', description: 'configuration with the rules; refline.yml by default', completes: 'file' },
    output: { value: 'file', description: 'writes the whole answer as JSON, by refline.result.schema.json', completes: 'file' },
    markdown: { value: 'file', description: 'writes the report as Markdown', completes: 'file' },
    json: { ...jsonOption, description: 'prints the whole answer as JSON instead, by refline.result.schema.json' },
  },
  examples: [
    {
      type: 'evaluate --predictions predictions.csv --champion champion.csv',
      prints: [
        'churn: run churn-3f9a1c2b0d7e against champion.csv, 12,480 paired rows, rules: refline.yml of this folder',
        '  ✅ ROC AUC  0.9288 [0.9229, 0.9348]  ≥ 0.9, drop ≤ 0.005  pass  +0.0110 [+0.0064, +0.0155]',
        'verdict pass, decision promote: ...',
      ],
    },
    {
      type: 'evaluate churn --metrics metrics.json --markdown report.md',
      prints: ['churn: run churn-... compared with nothing, reported metrics only ...'],
    },
  ],
} as const satisfies CommandSpec

/** Brings rules over from MLflow. */
export const importSpec = {
  id: 'import',
  group: 'judge',
  summary: "Makes gates of refline.yml out of MLflow's MetricThresholds and lists what could not be carried over.",
  details:
    'It reads Python (literal values only, nothing is run) or the same fields as JSON or YAML. Exit code 2 where nothing could be carried over.',
  operands: [{ name: 'file', required: true, description: '.py, .json, .yaml or .yml', completes: 'file' }],
  options: {
    task: {
      value: 'task',
      choices: ['binary', 'multiclass', 'regression'],
      description: 'by default that of the model, else by the names of the metrics',
    },
    into: {
      value: 'file',
      description: 'configuration to write the gates into, such as refline.yml; its comments stay. By default they are printed',
      completes: 'file',
    },
    model: {
      value: 'name',
      description: 'with --into: the model they are for; may be left out where there is only one',
      completes: 'model',
    },
    json: jsonOption,
  },
  examples: [
    {
      type: 'import thresholds.py',
      prints: [
        'primary: accuracy',
        'gates:',
        '  accuracy: { min: 0.8, min_gain: 0.05 }',
        '# Not carried over:',
        '# - log_loss (line 3): ...',
      ],
    },
    { type: 'import thresholds.py --into refline.yml --model churn', prints: ['refline.yml, models.churn: 1 gate added (accuracy)'] },
  ],
  document: {
    schema: '1, until a name changes its meaning',
    file: 'the file that was read',
    task: 'the task the gates are for',
    primary: 'the metric that decides a comparison',
    gates: 'as they stand in refline.yml',
    lost: 'what could not be carried over: name, line, reason',
    notes: 'what a reader must know although it was carried over',
    into: 'the configuration that was written, or null',
    added: 'gates that were written and not there before',
  },
} as const satisfies CommandSpec

/** Judges a rollout anew. */
export const judgeSpec = {
  id: 'judge',
  group: 'judge',
  summary: 'Judges a rollout anew from the counts in its ledger: replay recomputes every verdict.',
  details:
    'Each look is judged again from the counts that were kept beside its record and compared with what was recorded: verdict, state of the judge, and the steps and the end that followed. Exit code 0: all agree; 1: the first difference is printed; 2: there is no such rollout, or its ledger cannot be trusted.',
  operands: [
    { name: 'what', required: true, description: 'replay', choices: ['replay'] },
    { name: 'rollout', required: false, description: 'id of the rollout or how it begins; the newest one by default' },
  ],
  options: { model: modelOption, ...placeOptions, json: jsonOption },
  examples: [
    {
      type: 'judge replay 4f0c2a91b7de',
      prints: [
        'rollout 4f0c2a91b7de of churn: v13 in production against v12, judged by evidence, 2 looks',
        'seq  at                weight  signal  bad, canary  bad, stable  harm  proof  recorded  recomputed',
        ' 41  2026-11-20 12:01     5 %  errors     0 of 331   0 of 6,287   1.0    5.2  hold      hold',
        ' 42  2026-11-20 12:02     5 %  errors     0 of 209   0 of 3,971   1.0   23.2  promote   promote',
        'seq 43: step up to 10 %',
        'every verdict is recomputed as it was recorded',
      ],
    },
    { type: 'judge replay --json', prints: ['{', '  "schema": 1,', '  "difference": null, ...'] },
  ],
  document: {
    ...documentHead,
    rollout: 'its id',
    environment: 'where it was rolled out',
    version: 'the version that was judged',
    from: 'the version that it was compared with; null for the first',
    started: 'record of its start: seq, at, actor, workflow_run',
    rule: 'evidence or threshold',
    settings: 'the rules that it was judged by, as they were recorded at its start',
    looks:
      'seq, at, weight, counts and evidence (natural logarithms of e-values) by signal, the verdicts recorded and recomputed, and how they differ, or null',
    decisions: 'steps up and the end: seq, at, words, and why one does not follow from the looks, or null',
    difference: 'the first difference in words; null where all agree',
  },
} as const satisfies CommandSpec
