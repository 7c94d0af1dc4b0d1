import type { CommandSpec } from '../command.ts'
import { jsonOption } from './common.ts'

/** Help on a command. */
export const helpSpec = {
  id: 'help',
  group: 'help',
  summary: 'Tells what there is, or all of one command with examples.',
  details: 'The same as --help after a command. Without a command it lists them all and says where to begin.',
  operands: [{ name: 'command', required: false, description: 'a command of this list', completes: 'command' }],
  options: { json: jsonOption },
  examples: [
    { type: 'help', prints: ['Usage: refline <command> [options]', '...'] },
    { type: 'help lineage --json', prints: ['{', '  "schema": 1,', '  "commands": [', '    { "command": "lineage", ...'] },
    { type: 'help log', prints: ['Usage: refline log [model] [--last <n>] ...', '...'] },
  ],
  document: {
    schema: '1, until a name changes its meaning',
    commands: 'command, group, usage, summary, details, operands, options, examples and document of each',
  },
} as const satisfies CommandSpec

/** Shell completion. */
export const completionSpec = {
  id: 'completion',
  group: 'help',
  summary: 'Prints a script that completes commands, options, their values and the models of refline.yml by the Tab key.',
  details:
    'The script is made from the same list as this help. Models are asked for while you type, in the folder you are in: that is what `completion models` prints.',
  operands: [
    {
      name: 'shell',
      required: true,
      description: 'the shell the script is for; models prints the names of models, one a line',
      choices: ['bash', 'zsh', 'fish', 'models'],
    },
  ],
  options: {
    config: { value: 'file', description: 'configuration with the models; refline.yml by default', completes: 'file', common: true },
  },
  examples: [
    { type: 'completion bash > ~/.local/share/bash-completion/completions/refline', prints: [] },
    { type: 'completion fish > ~/.config/fish/completions/refline.fish', prints: [] },
    { type: 'completion models', prints: ['churn', 'fraud'] },
  ],
} as const satisfies CommandSpec
