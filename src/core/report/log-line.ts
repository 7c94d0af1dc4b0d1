/**
 * Makes text from users, files or servers harmless for a job's log: the runner takes a line as a command when, leading white space aside, it starts with
 * `::`, or when `##[` stands anywhere in it. Line breaks of every kind are kept as `\n`; other control characters (terminal escapes) become `\uFFFD`.
 */
export const harmless = (text: string): string =>
  text
    .replace(/\r\n|[\r\u0085\u2028\u2029\v\f]/g, '\n')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to remove
    .replace(/[\u0000-\u0008\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\uFFFD')
    .replace(/^([\s\u180e\u200b-\u200d\u2060\ufeff]*):(?=:)/gm, '$1\u02d0')
    .replaceAll('##[', '# #[')

/** The same for a text that must stay on one line. */
export const harmlessLine = (text: string): string => harmless(text).replaceAll('\n', ' ')
