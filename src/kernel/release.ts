import manifest from '../../package.json' with { type: 'json' }

/** This release of Refline, such as 0.2.0: it stands in every record that it writes. */
export const release: string = manifest.version
