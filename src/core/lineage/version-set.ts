import { z } from 'zod'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const perCharacter = 6

/**
 * A set of version numbers as one text, six versions a character (the base64 alphabet of RFC 4648, the lowest bit first), without the empty end: the first 100,000
 * versions take 17 KB at most, whichever of them are in it.
 */
export const versionSet = z.string().regex(/^([A-Za-z0-9_-]*[B-Za-z0-9_-])?$/)
export type VersionSet = z.output<typeof versionSet>

const bitsAt = (set: VersionSet, place: number): number => (place < set.length ? alphabet.indexOf(set.charAt(place)) : 0)

/** Whether a version is in the set. */
export const inSet = (set: VersionSet, version: number): boolean => {
  const place = Math.floor((version - 1) / perCharacter)
  return (bitsAt(set, place) & (1 << ((version - 1) % perCharacter))) !== 0
}

/** The set with one version more. `version` counts from 1. */
export const withVersion = (set: VersionSet, version: number): VersionSet => {
  const place = Math.floor((version - 1) / perCharacter)
  const bits = bitsAt(set, place) | (1 << ((version - 1) % perCharacter))
  return `${set.padEnd(place, 'A').slice(0, place)}${alphabet.charAt(bits)}${set.slice(place + 1)}`
}

/** The set without a version. */
export const withoutVersion = (set: VersionSet, version: number): VersionSet => {
  if (!inSet(set, version)) return set
  const place = Math.floor((version - 1) / perCharacter)
  const bits = bitsAt(set, place) & ~(1 << ((version - 1) % perCharacter))
  return `${set.slice(0, place)}${alphabet.charAt(bits)}${set.slice(place + 1)}`.replace(/A+$/, '')
}

/** The versions of a set, ascending. */
export const membersOf = (set: VersionSet): readonly number[] => {
  const members: number[] = []
  for (let version = 1; version <= set.length * perCharacter; version += 1) if (inSet(set, version)) members.push(version)
  return members
}
