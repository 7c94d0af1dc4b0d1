import { StringDecoder } from 'node:string_decoder'

const longestLine = 16_384

/**
 * A line of a user's command that no runner takes for a workflow command: one that would begin with `::` gets a bar in front, and `##[`, which runners accept
 * anywhere in a line, is broken apart. Control characters other than tabs and colours are dropped.
 */
export const harmlessLine = (line: string): string => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
  const printable = line.replace(/[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f\u2028\u2029]/g, '')
  const apart = printable.replaceAll('##[', '## [')
  return /^\s*::/.test(apart) ? `| ${apart}` : apart
}

/** Cuts a stream of bytes into lines at `\n`, `\r\n` and lone `\r` (progress bars); a line longer than 16 KiB is cut, its rest dropped and said so. */
export const lineSplitter = (onLine: (line: string) => void): { readonly write: (chunk: Buffer) => void; readonly end: () => void } => {
  const decoder = new StringDecoder('utf8')
  let pending = ''
  let dropped = 0
  const flush = () => {
    if (pending !== '' || dropped > 0) onLine(dropped > 0 ? `${pending} [${dropped} more characters]` : pending)
    pending = ''
    dropped = 0
  }
  const take = (text: string) => {
    const room = longestLine - pending.length
    pending += text.slice(0, room)
    dropped += Math.max(0, text.length - room)
  }
  const feed = (text: string) => {
    const pieces = text.split(/[\r\n]/)
    for (const [index, piece] of pieces.entries()) {
      take(piece)
      if (index < pieces.length - 1) flush()
    }
  }
  return {
    write: chunk => feed(decoder.write(chunk)),
    end: () => {
      feed(decoder.end())
      flush()
    },
  }
}
