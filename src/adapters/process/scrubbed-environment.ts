const prefixes = ['INPUT_', 'STATE_', 'ACTIONS_', 'GIT_CONFIG_']
const names = new Set(['GITHUB_TOKEN', 'GITHUB_OUTPUT', 'GITHUB_ENV', 'GITHUB_PATH', 'GITHUB_STATE', 'GITHUB_STEP_SUMMARY'])
const secretNames = ['INPUT_TOKEN', 'GITHUB_TOKEN', 'ACTIONS_RUNTIME_TOKEN', 'ACTIONS_ID_TOKEN_REQUEST_TOKEN']

/** Shorter values are no tokens, and looking for them would take harmless variables away. */
const shortestSecret = 8

/**
 * The environment that a user's own command gets: the step's, without what could write to GitHub or hand values to later steps, and without any other
 * variable that holds a token's value. `passEnv` names variables that are given back as they are.
 */
export const scrubbedEnvironment = (
  environment: Readonly<Record<string, string | undefined>>,
  passEnv: readonly string[],
): Record<string, string> => {
  const secrets = secretNames.map(name => environment[name] ?? '').filter(value => value.length >= shortestSecret)
  const given = new Set(passEnv)
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined) continue
    const upper = name.toUpperCase()
    const dropped = names.has(upper) || prefixes.some(prefix => upper.startsWith(prefix)) || secrets.some(secret => value.includes(secret))
    if (!dropped || given.has(name)) kept[name] = value
  }
  return kept
}
