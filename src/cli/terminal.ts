import { harmless } from '../core/report/log-line.ts'

/** Where a command runs and what it says: a person's terminal, a pipe, or a step of a workflow. */
export interface Terminal {
  /** A line or lines for people. User text in it is made harmless: no terminal escapes, no direction changes, no workflow commands. */
  say(text: string): void
  /** The document of `--json`. Nothing is changed in its strings; what would not be harmless is written as an escape of JSON. */
  document(value: unknown): void
  /** Columns of the terminal; null where it is none, and then nothing is cut. */
  readonly width: number | null
  readonly env: Readonly<Record<string, string | undefined>>
  /** The folder that the command runs in. */
  readonly folder: string
  /** Throws a UserError where nothing may be decided from here. At a desk whoever may push decides. */
  readonly mayDecide?: () => Promise<void>
  /** Throws a UserError where whoever started this may not decide it: `what` they ask for, in words. At a desk whoever may push decides. */
  readonly requireWriter?: (what: string) => Promise<unknown>
  /** What `--ledger` and `--model` are where they are not typed. */
  readonly defaults: { readonly ledger?: string | undefined; readonly model?: string | undefined }
}

const escaped = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|(?<=#)#(?=\[)/g

/** A document as JSON of several lines that is harmless in a log: control and direction characters and `##[` are escapes inside its strings. */
export const jsonText = (value: unknown): string =>
  JSON.stringify(value, null, 2).replace(escaped, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** A terminal that writes to a stream. */
export const terminalOn = (
  write: (text: string) => void,
  around: Pick<Terminal, 'width' | 'env' | 'folder'> & Partial<Pick<Terminal, 'defaults'>>,
): Terminal => ({
  say: text => write(`${harmless(text)}\n`),
  document: value => write(`${jsonText(value)}\n`),
  defaults: {},
  ...around,
})
