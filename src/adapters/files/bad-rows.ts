import { UserError } from '../../core/errors.ts'

const mostShown = 20

/** Counts the bad fields of a file and keeps the first twenty, by line, for the message. */
export class BadRows {
  readonly #file: string
  readonly #shown: { readonly line: number; readonly text: string }[] = []
  #count = 0

  constructor(file: string) {
    this.#file = file
  }

  /** `what` completes "line 4, column score ...". The field's text is not shown: it may be private. Lines may come in any order. */
  add(line: number, column: string | null, what: string): void {
    this.#count++
    const last = this.#shown.at(-1)
    if (this.#shown.length === mostShown && last !== undefined && last.line <= line) return
    const place = this.#shown.findLastIndex(shown => shown.line <= line) + 1
    this.#shown.splice(place, 0, { line, text: `line ${line}${column === null ? '' : `, column ${column}`} ${what}` })
    if (this.#shown.length > mostShown) this.#shown.pop()
  }

  /** Throws a UserError where there was any. */
  check(): void {
    if (this.#count === 0) return
    const more = this.#count > this.#shown.length ? ` and ${(this.#count - this.#shown.length).toLocaleString('en')} more` : ''
    const shown = this.#shown.map(({ text }) => text).join('; ')
    throw new UserError(`${this.#count.toLocaleString('en')} bad ${this.#count === 1 ? 'field' : 'fields'}: ${shown}${more}`, {
      place: { file: this.#file, line: this.#shown[0]?.line ?? 1 },
    })
  }
}
