/** A link, if the address is a plain one; null for anything else. Addresses come from the runner and from GitHub, yet nothing is taken on trust. `text` is our own. */
export const plainLink = (text: string, url: string | null): string | null =>
  url !== null && /^https?:\/\/[\w.:-]+(\/[\w.-]+)*$/.test(url) ? `[${text}](${url})` : null
