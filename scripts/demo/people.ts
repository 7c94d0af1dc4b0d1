import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runToEnd } from './children.ts'
import type { GitHub, OpenedPullRequest } from './github.ts'
import type { Trigger } from './runner.ts'

/** What the data scientist does: one clone, commits, pushes, pull requests, merges. */
export interface People {
  /** The clone on the data scientist's laptop. */
  readonly clone: string
  python(...argv: string[]): Promise<void>
  edit(path: string, change: (text: string) => string): void
  overlay(folder: string): void
  /** Commits everything on a new branch, pushes it and opens a pull request. */
  propose(branch: string, title: string): Promise<OpenedPullRequest>
  merge(pull: OpenedPullRequest): Promise<Trigger>
  /** Commits everything straight on main, as a nightly job that brings data does. */
  pushToMain(title: string): Promise<Trigger>
  backToMain(): Promise<void>
}

const repositoryPayload = (github: GitHub) => ({
  default_branch: 'main',
  full_name: `${github.owner}/${github.name}`,
  name: github.name,
  private: false,
  owner: { login: github.owner },
})

/** The event that a pull request's push makes. */
export const pullRequestTrigger = (github: GitHub, pull: OpenedPullRequest, branch: string): Trigger => {
  const repository = repositoryPayload(github)
  return {
    event: 'pull_request',
    ref: `refs/pull/${pull.number}/merge`,
    sha: pull.mergeSha,
    payload: {
      action: 'synchronize',
      number: pull.number,
      pull_request: {
        number: pull.number,
        head: { ref: branch, sha: pull.headSha, repo: repository },
        base: { ref: 'main', sha: pull.baseSha, repo: repository },
      },
      repository,
      sender: { login: 'alice' },
    },
  }
}

const pushTrigger = (github: GitHub, sha: string): Trigger => ({
  event: 'push',
  ref: 'refs/heads/main',
  sha,
  payload: { ref: 'refs/heads/main', after: sha, repository: repositoryPayload(github), sender: { login: 'alice' } },
})

/** The press of the button. */
export const dispatchTrigger = (github: GitHub, sha: string, inputs: Readonly<Record<string, string>>): Trigger => ({
  event: 'workflow_dispatch',
  ref: 'refs/heads/main',
  sha,
  payload: { ref: 'refs/heads/main', repository: repositoryPayload(github), sender: { login: 'alice' } },
  inputs,
})

/** Makes the first commit of the repository and a clone of it, with a token that may push. */
export const startPeople = async (github: GitHub, clone: string, bin: string): Promise<People> => {
  await github.order('token', {
    token: 'alice-token',
    login: 'alice',
    permissions: { contents: 'write', 'pull-requests': 'write', issues: 'write' },
  })
  await github.order('role', { login: 'alice', role: 'write' })
  await github.order('commit', { files: { 'README.md': '# cancer\n' }, message: 'Begin' })
  const header = `AUTHORIZATION: basic ${Buffer.from('alice:alice-token').toString('base64')}`
  const env = {
    ...process.env,
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `http.${github.url}/.extraheader`,
    GIT_CONFIG_VALUE_0: header,
    GIT_TERMINAL_PROMPT: '0',
  }
  const git = async (...argv: string[]): Promise<string> => {
    const identity = ['-c', 'user.name=Alice', '-c', 'user.email=alice@example.org', '-c', 'commit.gpgsign=false']
    const done = await runToEnd('git', [...identity, ...argv], { env, cwd: argv[0] === 'clone' ? process.cwd() : clone })
    if (done.code !== 0) throw new Error(`git ${argv.join(' ')} failed:\n${done.output}`)
    return done.output.trim()
  }
  await git('clone', '--quiet', `${github.url}/${github.owner}/${github.name}.git`, clone)
  const backToMain = async () => {
    await git('checkout', '--quiet', '--force', 'main')
    await git('clean', '-fdq')
    await git('pull', '--quiet', '--ff-only', 'origin', 'main')
  }
  const commitAndPush = async (branch: string, title: string): Promise<void> => {
    await git('add', '--all')
    await git('commit', '--quiet', '-m', title)
    await git('push', '--quiet', 'origin', `HEAD:refs/heads/${branch}`)
  }
  return {
    clone,
    backToMain,
    python: async (...argv) => {
      const done = await runToEnd(join(bin, 'python'), argv, { cwd: clone })
      if (done.code !== 0) throw new Error(`python ${argv.join(' ')} failed:\n${done.output}`)
      rmSync(join(clone, '__pycache__'), { recursive: true, force: true })
    },
    edit: (path, change) => {
      const before = readFileSync(join(clone, path), 'utf8')
      const after = change(before)
      if (after === before) throw new Error(`The demo's edit of ${path} changed nothing`)
      writeFileSync(join(clone, path), after)
    },
    overlay: folder => cpSync(folder, clone, { recursive: true }),
    propose: async (branch, title) => {
      await git('checkout', '--quiet', '-b', branch)
      await commitAndPush(branch, title)
      return github.order<OpenedPullRequest>('pull-request', { head: branch, title, author: 'alice' })
    },
    merge: async pull => {
      const { sha } = await github.order<{ sha: string }>('merge', { number: pull.number })
      await backToMain()
      return pushTrigger(github, sha)
    },
    pushToMain: async title => {
      await commitAndPush('main', title)
      return pushTrigger(github, await git('rev-parse', 'HEAD'))
    },
  }
}
