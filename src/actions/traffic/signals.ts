import { httpClient } from '../../adapters/http/client.ts'
import { httpSignal } from '../../adapters/http/signal.ts'
import type { EnvironmentConfiguration } from '../../core/configuration/schema.ts'
import { UserError } from '../../core/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Signal } from '../../ports/signals.ts'
import { filled } from './filled.ts'

/** The signals of an environment of refline.yml. Throws a UserError where one names a variable that is not set. */
export const signalsOf = (
  settings: EnvironmentConfiguration,
  model: string,
  environment: NodeJS.ProcessEnv,
  clock: Clock,
): readonly Signal[] =>
  Object.entries(settings.signals).map(([name, signal]) => {
    const token = signal.token_env === undefined ? null : (environment[signal.token_env] ?? '')
    if (token === '')
      throw new UserError(`signal ${name} needs the variable ${signal.token_env}, which is not set; pass it to the step under \`env:\``)
    switch (signal.kind) {
      case 'http':
        return httpSignal({ name, urls: [filled(signal.url, { model })], token, http: httpClient, clock })
      default:
        throw new UserError(`the signal kind ${signal.kind} is not there yet`)
    }
  })
