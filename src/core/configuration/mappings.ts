export const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** One mapping laid over another, key by key: what is above wins. */
export const laidOver = (under: Record<string, unknown>, over: Record<string, unknown>): Record<string, unknown> => {
  const merged = { ...under }
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key]
    merged[key] = isMapping(below) && isMapping(value) ? laidOver(below, value) : value
  }
  return merged
}
