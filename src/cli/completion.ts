import { configurationAround } from './around.ts'
import type { Work } from './commands.ts'
import { commands } from './commands.ts'
import { bashScript } from './completion/bash.ts'
import { fishScript } from './completion/fish.ts'
import { zshScript } from './completion/zsh.ts'

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript } as const

/** Prints a completion script, or the names of models that such a script asks for. */
export const completion: Work = async (typed, terminal) => {
  const [shell] = typed.operands
  if (shell === 'models') {
    // Whoever presses Tab has not asked for an error.
    const found = await configurationAround(typed, terminal).catch(() => null)
    const models = Object.keys(found?.of.models ?? {})
    if (models.length > 0) terminal.say(models.join('\n'))
    return {}
  }
  const make = scripts[shell as keyof typeof scripts]
  terminal.say(make(commands).trimEnd())
  return {}
}
