import { UserError } from '../../core/errors.ts'

const mostShown = 20

/** Counts the bad fields of a file and keeps the first twenty for the message. */
export class BadRows {
  readonly #file: string
  readonly #shown: string[] = []
  #count = 0
  #firstLine = 0

  constructor(file: string) {
    this.#file = file
  }

  /** `what` completes "line 4, column score ...". The field's text is not shown: it may be private. */
  add(line: number, column: string | null, what: string): void {
    if (this.#count++ === 0) this.#firstLine = line
    if (this.#shown.length < mostShown) this.#shown.push(`line ${line}${column === null ? '' : `, column ${column}`} ${what}`)
  }

  /** Throws a UserError where there was any. */
  check(): void {
    if (this.#count === 0) return
    const more = this.#count > this.#shown.length ? ` and ${(this.#count - this.#shown.length).toLocaleString('en')} more` : ''
    throw new UserError(
      `${this.#count.toLocaleString('en')} bad ${this.#count === 1 ? 'field' : 'fields'}: ${this.#shown.join('; ')}${more}`,
      {
        place: { file: this.#file, line: this.#firstLine },
      },
    )
  }
}
