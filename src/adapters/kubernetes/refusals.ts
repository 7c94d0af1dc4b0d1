import { UserError } from '../../core/errors.ts'
import { harmlessLine } from '../../core/report/log-line.ts'

/**
 * Why kubectl did not do it. `missing`: the object is not there; `unknown-kind`: the server does not know such objects; `raced`: the object is another one
 * than the patch expected, or the patch is not valid; `unanswered`: no answer, or one that says to come again.
 */
export type RefusalKind = 'missing' | 'unknown-kind' | 'forbidden' | 'unauthorized' | 'raced' | 'unanswered' | 'other'

export interface Refusal {
  readonly kind: RefusalKind
  /** kubectl's own last words, on one line. */
  readonly words: string
}

/** What was asked for, for errors. */
export interface Asked {
  readonly verb: 'get' | 'list' | 'patch'
  /** Such as httproutes.gateway.networking.k8s.io. */
  readonly resource: string
  readonly name: string
  readonly namespace: string
}

const longestWords = 300

// What kubectl prints with the reasons that the API server gives, and what its client says where there was no answer at all; the same from 1.20 to 1.36.
const marks: readonly (readonly [RefusalKind, RegExp])[] = [
  ['unknown-kind', /could not find the requested resource|doesn't have a resource type|no matches for kind/i],
  ['missing', /\(NotFound\)/],
  ['forbidden', /\(Forbidden\)|is forbidden/],
  ['unauthorized', /\(?Unauthorized\)?|must be logged in|asked for the client to provide credentials|getting credentials/],
  ['raced', /\(Conflict\)|\(Invalid\)|request is invalid|testing .* failed|test operation|the object has been modified/i],
  [
    'unanswered',
    /\((ServiceUnavailable|InternalError|TooManyRequests|Timeout|ServerTimeout)\)|refused|timeout|timed out|deadline exceeded|\bEOF\b|connection reset|broken pipe|connection lost|Unable to connect to the server: dial|currently unable to handle/i,
  ],
]

/** Reads kubectl's standard error; lines of its log and warnings are passed over. */
export const refusalOf = (stderr: string): Refusal => {
  const lines = stderr.split('\n').filter(line => line.trim() !== '' && !/^([EWIF]\d{4} |Warning: )/.test(line))
  const words = harmlessLine(lines.slice(-2).join(' ').trim()).slice(0, longestWords)
  // A certificate that is not trusted does not get better by waiting.
  if (/x509|certificate/i.test(words)) return { kind: 'other', words }
  return { kind: marks.find(([, mark]) => mark.test(words))?.[0] ?? 'other', words }
}

/** The error that a person can act on. */
export const refusalInWords = ({ kind, words }: Refusal, { verb, resource, name, namespace }: Asked, where: string): UserError => {
  const [plural = resource, ...group] = resource.split('.')
  const object = `${plural.replace(/s$/, '')} ${namespace}/${name}`
  switch (kind) {
    case 'missing':
      return new UserError(`there is no ${object} in ${where}: ${words}. Check namespace, name and context, or create it first`)
    case 'unknown-kind':
      return new UserError(
        `${where} knows no ${resource} of version v1: ${words}. Install version 1.0 or newer of what defines them (for the Gateway API its CRDs; \`kubectl api-resources --api-group=${group.join('.')}\` shows what is there)`,
      )
    case 'forbidden':
      return new UserError(
        `${where} does not allow to ${verb} ${object}: ${words}. Give the account the Role of docs/gateway-api.md; \`kubectl auth can-i ${verb} ${resource}/${name} --namespace=${namespace}\` must answer yes`,
      )
    case 'unauthorized':
      return new UserError(
        `${where} does not take the credentials of the kubeconfig: ${words}. Log in anew in an earlier step, or name the variables that hold them under \`pass_env\``,
      )
    case 'unanswered':
      return new UserError(`${where} did not answer when asked to ${verb} ${object}: ${words}`)
    default:
      return new UserError(`kubectl could not ${verb} ${object} in ${where}: ${words || 'it said nothing'}`)
  }
}
