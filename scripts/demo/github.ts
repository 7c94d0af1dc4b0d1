import { join } from 'node:path'
import { firstJson, startChild } from './children.ts'

interface Addresses {
  readonly url: string
  readonly serverUrl: string
  readonly apiUrl: string
  readonly resultsUrl: string
  readonly control: string
}

export interface OpenedPullRequest {
  readonly number: number
  readonly headSha: string
  readonly baseSha: string
  readonly mergeSha: string
}

export interface Dump {
  readonly bare: string
  readonly refs: Readonly<Record<string, string>>
  readonly issues: readonly {
    readonly number: number
    readonly title: string
    readonly pull: unknown
    readonly comments: readonly { readonly body: string; readonly login: string }[]
  }[]
  readonly releases: readonly unknown[]
  readonly deployments: readonly unknown[]
}

/** The GitHub double in a process of its own, and what people do to its one repository. */
export interface GitHub extends Addresses {
  readonly owner: string
  readonly name: string
  order<T>(verb: string, order?: Readonly<Record<string, unknown>>): Promise<T>
  dump(): Promise<Dump>
}

/** Starts the double of `test/support/github` with one repository, whose data lie in `folder`. */
export const startGitHub = async (root: string, folder: string, owner: string, name: string): Promise<GitHub> => {
  const program = join(root, 'test', 'support', 'github', 'main.ts')
  const child = startChild(process.execPath, [program, '--root', folder, '--repository', `${owner}/${name}`])
  const addresses = await firstJson<Addresses>(child, 'The GitHub double')
  const order = async <T>(verb: string, body: Readonly<Record<string, unknown>> = {}): Promise<T> => {
    const response = await fetch(`${addresses.control}/${verb}`, {
      method: 'POST',
      body: JSON.stringify({ owner, name, ...body }),
      signal: AbortSignal.timeout(30_000),
    })
    const answer = (await response.json()) as T & { error?: string }
    if (!response.ok) throw new Error(`The GitHub double refused ${verb}: ${answer.error}`)
    return answer
  }
  return { ...addresses, owner, name, order, dump: () => order<Dump>('dump') }
}
