import { join, resolve } from 'node:path'
import { readText } from '../adapters/files/text.ts'
import { checkoutRoot, headCommit, userName } from '../adapters/git/checkout.ts'
import { gitLedger, type LedgerSettings } from '../adapters/git/ledger.ts'
import { ledgerRemote } from '../adapters/git/remote.ts'
import { systemClock } from '../adapters/runner/clock.ts'
import { runnerContext } from '../adapters/runner/context.ts'
import { parseConfiguration } from '../core/configuration/parse.ts'
import type { Configuration } from '../core/configuration/schema.ts'
import { UserError } from '../core/errors.ts'
import { modelName } from '../core/lineage/values.ts'
import { nearest } from '../core/nearest.ts'
import { release } from '../kernel/release.ts'
import type { Ledger } from '../ports/ledger.ts'
import type { ModelStore } from '../ports/model-store.ts'
import type { WorkflowRuns } from '../ports/workflow-runs.ts'
import type { Typed } from './command.ts'
import type { Terminal } from './terminal.ts'

const deadlineSeconds = 120

/** What a command finds around it: the checkout, its configuration, and the ledger of its origin. */
export interface Around {
  /** The model that was named, or the only one of refline.yml. Throws a UserError where neither is there. */
  model(): Promise<string>
  /** The ledger with its log of runs, read with the credentials that git has, or with a token of the environment. */
  ledger(): Promise<Ledger>
  /** What the ledger is opened with, for commands that look at it or write to it by other means. */
  settings(): Promise<LedgerSettings>
  /**
   * The files of versions: the folder of the option `--store`, else at a desk what refline.yml names, else releases on GitHub. Throws a UserError where the remote is not there or the environment has no
   * token.
   */
  store(): Promise<ModelStore>
  /** Where the ledger is, without credentials. */
  remote(): Promise<string>
  /** The workflow runs of the repository on GitHub. Throws as `store` does. */
  workflowRuns(): Promise<WorkflowRuns>
  /**
   * What identifies what is asked for, for commands that write: the workflow run, else something new that is printed, so that a command that was cut off can be
   * told from one that was never run.
   */
  request(): string
}

/** The configuration of a folder: the file that is named, or refline.yml of this folder or of the checkout it is in. Null where there is none. */
export const configurationAround = async (
  typed: Typed,
  terminal: Terminal,
): Promise<{ readonly file: string; readonly of: Configuration } | null> => {
  const { config } = typed.options
  const { folder } = terminal
  const candidates =
    config === undefined
      ? [join(folder, 'refline.yml'), ...(await checkoutRoot(folder).then(root => (root === null ? [] : [join(root, 'refline.yml')])))]
      : [resolve(folder, config)]
  for (const path of candidates) {
    const text = await readText(path, config ?? 'refline.yml')
    if (text !== null) return { file: config ?? 'refline.yml', of: parseConfiguration(text, config ?? 'refline.yml') }
  }
  if (config !== undefined) throw new UserError(`there is no ${config}`, { place: { file: config } })
  return null
}

/** Looks around for a command. `asked` is the model where the command's operand names it; nothing is read before it is needed. */
export const around = (typed: Typed, terminal: Terminal, asked?: string): Around => {
  const { env, folder, defaults } = terminal

  const model = async (): Promise<string> => {
    const { model: option } = typed.options
    if (asked !== undefined && option !== undefined && asked !== option)
      throw new UserError(`two models are named, ${asked} and ${option}: name one`)
    const named = asked ?? option ?? defaults.model
    if (named !== undefined && named !== '') {
      if (!modelName.safeParse(named).success)
        throw new UserError(
          `${JSON.stringify(named.slice(0, 80))} is no model name: expected lower-case letters, digits and "-", at most 40`,
        )
      return named
    }
    const found = await configurationAround(typed, terminal)
    if (found === null)
      throw new UserError(
        'there is no refline.yml here, so it is not known which model is meant: name it, or go to a checkout that has one',
      )
    const [only, ...others] = Object.keys(found.of.models)
    if (only === undefined || others.length > 0)
      throw new UserError(`${found.file} has ${others.length + 1} models; name one: ${[only, ...others].join(', ')}`)
    return only
  }

  const place = async () => {
    const context = runnerContext({ ...env })
    const workspace = (await checkoutRoot(folder)) ?? folder
    const token = env.GITHUB_TOKEN || env.GH_TOKEN || null
    const found = await ledgerRemote({
      // What is typed is meant from the folder it is typed in.
      workspace: typed.options.ledger === undefined ? workspace : folder,
      serverUrl: context.serverUrl,
      repository: context.repository,
      token,
      override: typed.options.ledger ?? defaults.ledger ?? null,
      overrideName: typed.options.ledger === undefined && defaults.ledger !== undefined ? 'the input ledger' : 'the option --ledger',
    })
    return { ...found, context, workspace }
  }
  let placed: ReturnType<typeof place> | undefined
  const where = () => {
    placed ??= place()
    return placed
  }

  /**
   * The folder of the option or, at a desk, of the checkout's refline.yml. In a workflow the checkout may be a pull request's, which must not choose where files are
   * proven to be; and a ledger that is named may be of another repository than the configuration here.
   */
  const chosenFolder = async (): Promise<string | null> => {
    const { store, ledger } = typed.options
    if (store !== undefined) return resolve(folder, store)
    if (ledger !== undefined || env.GITHUB_ACTIONS === 'true') return null
    const settings = (await configurationAround(typed, terminal))?.of.store
    return settings?.kind === 'files' ? resolve((await checkoutRoot(folder)) ?? folder, settings.path) : null
  }

  const settings = async (): Promise<LedgerSettings> => {
    const { remote, environment, context, workspace } = await where()
    return {
      remote,
      // A helper for credentials that came with a person's machine is theirs as well; on a runner it may be anybody's.
      environment: { ...(env.GITHUB_ACTIONS === 'true' ? {} : { GIT_CONFIG_NOSYSTEM: '0' }), ...environment },
      clock: systemClock,
      random: Math.random,
      deadlineSeconds,
      temp: context.temp,
      release,
      again: context.again,
      writer: {
        actor: context.actor ?? (await userName(workspace)),
        workflow_run: context.runId,
        workflow: context.workflowRef,
        commit: context.commit ?? (await headCommit(workspace)),
      },
    }
  }

  return {
    model,
    remote: async () => (await where()).remote,
    store: async () => {
      const chosen = await chosenFolder()
      if (chosen !== null) return (await import('../adapters/files/model-store.ts')).folderStore(chosen)
      const { remote, context } = await where()
      return (await import('./github.ts')).storeOn(env, context.serverUrl, remote)
    },
    request: () => {
      const run = env.GITHUB_RUN_ID
      if (run !== undefined && run !== '') return run
      const made = `desk-${crypto.randomUUID().replaceAll('-', '').slice(0, 12)}`
      terminal.say(`request ${made}`)
      return made
    },
    workflowRuns: async () => {
      const { remote, context } = await where()
      const { client, repository } = (await import('./github.ts')).onGitHub(env, context.serverUrl, remote)
      return (await import('../adapters/github/workflow-runs.ts')).githubWorkflowRuns(client, repository)
    },
    ledger: async () => gitLedger(await settings()),
    settings,
  }
}
/** The error for a model whose ledger has no record, with the nearest model of refline.yml. */
export const unknownModel = async (typed: Typed, terminal: Terminal, model: string, remote: string): Promise<UserError> => {
  const models = await configurationAround(typed, terminal)
    .then(found => Object.keys(found?.of.models ?? {}))
    .catch((): string[] => [])
  const meant = models.includes(model) ? undefined : nearest(model, models)
  return new UserError(
    `the ledger of ${model} in ${remote} has no record, so nothing was registered${meant === undefined ? '' : `; did you mean ${meant}?`}`,
  )
}

/** The error with what to do where git had no credentials: it never asks for them, since nobody may be there to answer. */
export const withCredentialsHint = (error: unknown): unknown =>
  error instanceof UserError && /terminal prompts disabled|could not read (Username|Password)|Authentication failed/i.test(error.message)
    ? new UserError(
        `${error.message} Set GH_TOKEN to a token that may read the repository, or give git one to keep: gh auth login, then gh auth setup-git.`,
        { cause: error },
      )
    : error
