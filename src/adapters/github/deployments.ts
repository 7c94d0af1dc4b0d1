import type { DeploymentStatus, Deployments } from '../../ports/forge.ts'
import type { Client, Repository } from './client.ts'
import { GitHubError } from './errors.ts'
import { createOnce } from './identity.ts'
import { allPages } from './pages.ts'

interface Deployment {
  readonly id: number
  readonly url: string
  readonly payload: unknown
}

/** The key of our rollout in a payload, which GitHub gives back as an object or as text; null for deployments of others. */
const keyOf = (payload: unknown): string | null => {
  let value = payload
  if (typeof value === 'string') {
    try {
      value = JSON.parse(value)
    } catch {
      return null
    }
  }
  const key = typeof value === 'object' && value !== null && 'refline' in value ? value.refline : null
  return typeof key === 'string' ? key : null
}

const short = (text: string): string => (text.length <= 140 ? text : `${text.slice(0, 139).replace(/[\ud800-\udbff]$/, '')}…`)

const mayNot = (error: unknown): boolean => error instanceof GitHubError && [401, 403, 404].includes(error.status)

/** A rollout under way is among the newest deployments, which come first. */
const pagesSearched = 10

/** How many retired deployments in a row end the search for older ones that are not. */
const enoughRetired = 10

/** States of which none follows but `inactive`. */
const over: ReadonlySet<string> = new Set(['success', 'inactive', 'failure', 'error'])

/** Where people look: the server's pages, and the job that writes (`log_url` of every status). */
export interface DeploymentPages {
  readonly serverUrl?: string
  readonly logUrl?: string | null
}

/** GitHub's deployments as a mirror of rollouts. A token that may not write is no error: nothing is decided from them. */
export const githubDeployments = (
  client: Client,
  repository: Repository,
  { serverUrl, logUrl = null }: DeploymentPages = {},
): Deployments => {
  const place = { owner: repository.owner, repo: repository.name }

  const pageOf = (deployment: Deployment, environment: string): string =>
    serverUrl === undefined ? deployment.url : `${serverUrl}/${place.owner}/${place.repo}/deployments/${encodeURIComponent(environment)}`

  const find = async (environment: string, key: string): Promise<Deployment | null> => {
    const pages = client.paginate.iterator(client.repos.listDeployments, { ...place, environment, per_page: 100 })
    let read = 0
    for await (const { data } of pages) {
      const found = data.find(deployment => keyOf(deployment.payload) === key)
      if (found !== undefined) return found
      read += 1
      if (read >= pagesSearched) return null
    }
    return null
  }

  const newest = async (id: number) => {
    const { data } = await client.repos.listDeploymentStatuses({ ...place, deployment_id: id, per_page: 1 })
    return data[0] ?? null
  }

  const put = async (id: number, status: DeploymentStatus, text: string, environmentUrl: string | null): Promise<void> => {
    const description = short(text)
    const goesOn = status === 'queued' || status === 'in_progress'
    const isSo = async (): Promise<true | null> => {
      const now = await newest(id)
      // How it ended is the last word: a runner that was stopped and wakes up late has nothing to add.
      if (goesOn && now !== null && over.has(now.state)) return true
      const same = now !== null && now.state === status && now.description === description
      return same && (now.environment_url ?? '') === (environmentUrl ?? '') ? true : null
    }
    if (await isSo()) return
    await createOnce(async () => {
      await client.repos.createDeploymentStatus({
        ...place,
        deployment_id: id,
        state: status,
        description,
        auto_inactive: false,
        ...(environmentUrl === null ? {} : { environment_url: environmentUrl }),
        ...(logUrl === null ? {} : { log_url: logUrl }),
      })
      return true as const
    }, isSo)
  }

  return {
    begin: async (environment, key, commit, description) => {
      try {
        const create = async (): Promise<Deployment> => {
          const { data } = await client.repos.createDeployment({
            ...place,
            ref: commit,
            environment,
            auto_merge: false,
            required_contexts: [],
            payload: { refline: key },
            description: short(description),
          })
          if (!('id' in data)) throw new Error('GitHub merged a branch instead of creating a deployment')
          return data
        }
        const deployment = (await find(environment, key)) ?? (await createOnce(create, () => find(environment, key)))
        return { id: deployment.id, url: pageOf(deployment, environment) }
      } catch (error) {
        if (mayNot(error)) return null
        throw error
      }
    },

    status: async (id, status, description, environmentUrl = null) => {
      try {
        await put(id, status, description, environmentUrl)
      } catch (error) {
        if (!mayNot(error)) throw error
      }
    },

    isOver: async id => {
      try {
        const now = await newest(id)
        return now !== null && over.has(now.state)
      } catch (error) {
        if (mayNot(error)) return true
        throw error
      }
    },

    supersede: async (environment, except) => {
      try {
        const pages = client.paginate.iterator(client.repos.listDeployments, { ...place, environment, per_page: 100 })
        const all = await allPages(pages, `deployments of ${environment}`)
        let retired = 0
        for (const deployment of all) {
          if (deployment.id === except || keyOf(deployment.payload) === null) continue
          const now = await newest(deployment.id)
          const over = now !== null && ['inactive', 'failure', 'error'].includes(now.state)
          // Where the environment is seen belongs to the deployment that is live there now.
          if (!over) await put(deployment.id, 'inactive', 'superseded', null)
          retired = over ? retired + 1 : 0
          if (retired >= enoughRetired) return
        }
      } catch (error) {
        if (!mayNot(error)) throw error
      }
    },
  }
}
