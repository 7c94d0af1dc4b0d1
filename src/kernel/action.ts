import type { z } from 'zod'

/** One input of an action. `schema` takes the string that the runner passes; `default` is such a string. */
export interface InputSpec<T extends z.ZodType = z.ZodType> {
  readonly schema: T
  readonly description: string
  readonly default?: string
  readonly required?: boolean
  /** Its value is masked in logs. */
  readonly secret?: boolean
  readonly deprecated?: string
}

export interface OutputSpec<T extends z.ZodType = z.ZodType> {
  readonly schema: T
  readonly description: string
}

export interface ActionSpec<
  I extends Record<string, InputSpec> = Record<string, InputSpec>,
  O extends Record<string, OutputSpec> = Record<string, OutputSpec>,
> {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly branding: { readonly icon: string; readonly color: string }
  readonly inputs: I
  readonly outputs: O
  /** Rules across inputs; each problem is a sentence and all are reported together. */
  check?(inputs: InputsOf<I>): readonly string[]
}

type Camel<S extends string> = S extends `${infer Head}-${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S

/** Inputs as a handler sees them: camelCase, parsed; optional ones without a default may be undefined. */
export type InputsOf<I extends Record<string, InputSpec>> = {
  readonly [K in keyof I & string as Camel<K>]: I[K] extends { default: string } | { required: true }
    ? z.output<I[K]['schema']>
    : z.output<I[K]['schema']> | undefined
}
export type OutputsOf<O extends Record<string, OutputSpec>> = { readonly [K in keyof O & string as Camel<K>]: z.output<O[K]['schema']> }

/** What a handler returns: every output, and why the action must fail (exit code 1) where it must. Outputs are written first. */
export interface Outcome<O extends Record<string, OutputSpec>> {
  readonly outputs: OutputsOf<O>
  readonly failure?: string
}

/** Declares an action: the one source of its types, its parser, its action.yml and its README table. */
export const defineAction = <const I extends Record<string, InputSpec>, const O extends Record<string, OutputSpec>>(
  spec: ActionSpec<I, O>,
): ActionSpec<I, O> => spec

/** Output values as the runner takes them. */
export const outputText = (value: unknown): string =>
  typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value)
