/** A name as it may stand in a marker: letters, digits, `.`, `_` and single dashes; all else as `~` with its UTF-8 bytes in hexadecimal. */
const component = (name: string): string =>
  Array.from(new TextEncoder().encode(name), byte => {
    const character = String.fromCharCode(byte)
    return /[A-Za-z0-9._-]/.test(character) ? character : `~${byte.toString(16).padStart(2, '0')}`
  })
    .join('')
    .replace(/-(?=-)/g, '~2d')

/**
 * The hidden first line by which a comment is found again: `<!-- refline churn model-pr.yml -->`. Names cannot end it early, and different names give
 * different markers.
 */
export const commentMarker = (model: string, workflow: string): string => `<!-- refline ${component(model)} ${component(workflow)} -->`

/** The hidden second line of what is said in an incident issue: by it a job that is run again finds that this rollout or rollback was told of. */
export const toldMarker = (key: string): string => `<!-- refline-told ${component(key)} -->`

/** The marker of the incident issue of an environment. */
export const incidentMarker = (model: string, environment: string): string =>
  `<!-- refline-incident ${component(model)} ${component(environment)} -->`
