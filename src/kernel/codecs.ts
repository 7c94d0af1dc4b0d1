import { z } from 'zod'

// Inputs arrive as strings, and z.coerce would read '' as 0, '0x10' as 16 and 'false' as true; so each form is parsed strictly, once, here.

const decode = <T>(expected: string, parse: (text: string) => T | undefined) =>
  z.string().transform((text, context): T => {
    const value = parse(text)
    if (value !== undefined) return value
    context.addIssue({ code: 'custom', message: `expected ${expected}, found ${quote(text)}` })
    return z.NEVER
  })

const quote = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text)

const range = (options: { readonly min?: number; readonly max?: number }): string =>
  options.min !== undefined && options.max !== undefined
    ? ` from ${options.min} to ${options.max}`
    : options.min !== undefined
      ? ` of at least ${options.min}`
      : options.max !== undefined
        ? ` of at most ${options.max}`
        : ''

const within = (value: number, options: { readonly min?: number; readonly max?: number }): number | undefined =>
  value >= (options.min ?? Number.NEGATIVE_INFINITY) && value <= (options.max ?? Number.POSITIVE_INFINITY) ? value : undefined

/** Any text that is not empty. */
export const text = z.string().min(1, 'must not be empty')

/** `true` or `false`, in the spellings of YAML 1.2. */
export const flag = decode('true or false', value =>
  /^(true|True|TRUE)$/.test(value) ? true : /^(false|False|FALSE)$/.test(value) ? false : undefined,
)

/** A whole number in plain decimal digits. */
export const integer = (options: { readonly min?: number; readonly max?: number } = {}) =>
  decode(`a whole number${range(options)}`, value => {
    const number = /^[+-]?\d+$/.test(value) ? Number(value) : Number.NaN
    return Number.isSafeInteger(number) ? within(number, options) : undefined
  })

/** A decimal number; no hexadecimal, no infinity, no NaN. */
export const decimal = (options: { readonly min?: number; readonly max?: number } = {}) =>
  decode(`a number${range(options)}`, value => {
    const number = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(value) ? Number(value) : Number.NaN
    return Number.isFinite(number) ? within(number, options) : undefined
  })

/** Items separated by line breaks or commas; empty ones are left out. */
export const list = z.string().transform((value): readonly string[] =>
  value
    .split(/[\r\n,]+/)
    .map(item => item.trim())
    .filter(item => item !== ''),
)

/** One of a few words. */
export const choice = <const T extends readonly [string, ...string[]]>(...words: T) =>
  z.enum(words, { error: issue => `expected one of ${words.join(', ')}; found ${quote(String(issue.input))}` })

/** JSON text whose value has a shape. */
export const json = <T extends z.ZodType>(schema: T) =>
  z
    .string()
    .transform((value, context): unknown => {
      try {
        return JSON.parse(value)
      } catch (error) {
        context.addIssue({ code: 'custom', message: `expected JSON: ${error instanceof Error ? error.message : 'not readable'}` })
        return z.NEVER
      }
    })
    .pipe(schema)

/** YAML text whose value has a shape. The library is loaded only when such an input is given, so these inputs are parsed asynchronously. */
export const yaml = <T extends z.ZodType>(schema: T) =>
  z
    .string()
    .transform(async (value, context): Promise<unknown> => {
      const { parse } = await import('yaml')
      try {
        return parse(value, { maxAliasCount: 100 })
      } catch (error) {
        context.addIssue({ code: 'custom', message: `expected YAML: ${error instanceof Error ? error.message : 'not readable'}` })
        return z.NEVER
      }
    })
    .pipe(schema)
