import { params } from '../support/scenario-files.ts'
import type { Story, StoryPart } from './crash-matrix.ts'

/** Commits to main, and whatever that brings is trained, registered and put into production by one workflow run. */
const goesLive = (runId: number, separation: number | null): readonly StoryPart[] => [
  async scenario => {
    if (separation !== null)
      await scenario.repository.commit({ 'params.yaml': params(separation) }, { message: `Separate by ${separation}` })
  },
  { job: 'release', runId, steps: [{ action: 'train' }, { action: 'register' }, { action: 'canary-deploy' }] },
]

const opensPullRequest =
  (separation: number): StoryPart =>
  async scenario => {
    await scenario.repository.commit({ 'params.yaml': params(separation) }, { branch: 'change', message: `Separate by ${separation}` })
    await scenario.repository.openPullRequest({ head: 'change', title: `Separate by ${separation}` })
  }

const mergesPullRequest: StoryPart = async scenario => void (await scenario.repository.merge(1))

const judging = ['judge-head', 'judge-champion', 'judge-result', 'report-summary', 'report-comment', 'outputs'] as const

/** The stories of the crash matrix. Together they come to every boundary there is. */
export const stories: readonly Story[] = [
  {
    name: 'the first version goes live, all of it in one job',
    start: { environment: true },
    given: [],
    parts: goesLive(1, null),
    boundaries: {
      'release/train': [
        'train-inputs',
        'train-command',
        'train-files',
        'train-run',
        'train-artifact',
        'train-log',
        'git-fetch',
        'git-push',
        'outputs',
      ],
      'release/register': [
        'judge-head',
        'judge-champion',
        'judge-result',
        'register-pack',
        'register-draft',
        'register-asset',
        'register-asset 2',
        'register-asset 5',
        'register-assets-proven',
        'register-publish',
        'register-record',
        'git-push',
        'register-notes',
        'register-alias',
        'git-push 2',
        'register-state',
        'outputs',
      ],
      'release/canary-deploy': [
        'canary-head',
        'canary-start',
        'announce-deployment',
        'traffic-deploy',
        'canary-intent',
        'traffic-read',
        'canary-end',
        'announce-status',
        'announce-retired',
        'outputs',
      ],
    },
  },
  {
    name: 'a second version comes by a pull request and is promoted by its canary, each step in a job of its own',
    start: { environment: true, immutableReleases: true },
    given: goesLive(1, null),
    parts: [
      opensPullRequest(3),
      { job: 'measure', runId: 2, pullRequest: 1, steps: [{ action: 'train' }] },
      { job: 'compare', runId: 2, pullRequest: 1, steps: [{ action: 'compare-champion' }] },
      { job: 'gate', runId: 2, pullRequest: 1, steps: [{ action: 'evaluate-gate' }] },
      mergesPullRequest,
      { job: 'train', runId: 3, steps: [{ action: 'train' }] },
      { job: 'version', runId: 3, steps: [{ action: 'register' }] },
      { job: 'canary', runId: 3, steps: [{ action: 'canary-deploy' }] },
    ],
    boundaries: {
      'measure/train': ['train-artifact'],
      'compare/compare-champion': ['report-comment'],
      'train/train': ['train-run', 'train-artifact', 'git-push'],
      'version/register': ['register-asset 3', 'register-publish', 'register-record', 'register-notes', 'register-alias', 'register-state'],
      'canary/canary-deploy': [
        'git-fetch 3',
        'canary-start',
        'announce-deployment',
        'traffic-deploy',
        'traffic-read',
        'canary-intent',
        'git-push 2',
        'traffic-weight',
        'canary-confirm',
        'announce-status',
        'canary-evidence',
        'canary-intent 2',
        'traffic-weight 2',
        'traffic-read 5',
        'canary-end',
        'announce-status 2',
        'announce-retired',
        'announce-summary',
        'announce-comment',
        'outputs',
      ],
    },
  },
  {
    name: 'a canary does harm and takes itself back',
    start: { environment: true },
    given: [
      ...goesLive(1, null),
      opensPullRequest(3),
      mergesPullRequest,
      { job: 'train', runId: 2, steps: [{ action: 'train' }, { action: 'register' }] },
      async scenario => void Object.assign(scenario.traffic.errors, { green: 0.08 }),
    ],
    parts: [{ job: 'canary', runId: 2, steps: [{ action: 'canary-deploy', ends: 1 }] }],
    boundaries: {
      'canary/canary-deploy': [
        'traffic-weight',
        'canary-confirm',
        'canary-evidence',
        'canary-intent 2',
        'git-push 5',
        'traffic-weight 2',
        'canary-end',
        'announce-status 2',
        'announce-summary',
        'announce-incident',
        'announce-comment',
        'outputs',
      ],
    },
  },
  {
    name: 'somebody presses rollback and the version before the last one is deployed again',
    start: { environment: true },
    given: [...goesLive(1, null), ...goesLive(2, 2.2), opensPullRequest(3), mergesPullRequest, ...goesLive(3, null)],
    parts: [
      {
        job: 'rollback',
        runId: 9,
        event: 'workflow_dispatch',
        steps: [{ action: 'rollback', inputs: { reason: 'on call says so', to: '1' } }],
      },
    ],
    boundaries: {
      'rollback/rollback': [
        'rollback-head',
        'git-fetch',
        'rollback-intent',
        'git-push',
        'traffic-deploy',
        'traffic-weight',
        'traffic-read',
        'rollback-confirm',
        'git-push 2',
        'announce-deployment',
        'announce-status',
        'announce-retired',
        'announce-summary',
        'announce-incident',
        'announce-comment',
        'outputs',
      ],
    },
  },
  {
    name: 'a worse model comes by a pull request, its gate fails, and merged all the same it is not registered',
    start: { environment: true },
    given: [...goesLive(1, null), opensPullRequest(0.1), { job: 'measure', runId: 2, pullRequest: 1, steps: [{ action: 'train' }] }],
    parts: [
      { job: 'compare', runId: 2, pullRequest: 1, steps: [{ action: 'compare-champion' }] },
      { job: 'gate', runId: 2, pullRequest: 1, steps: [{ action: 'evaluate-gate', ends: 1 }] },
      mergesPullRequest,
      { job: 'train', runId: 3, steps: [{ action: 'train' }] },
      { job: 'version', runId: 3, steps: [{ action: 'register', ends: 1 }] },
    ],
    boundaries: {
      'compare/compare-champion': judging,
      'gate/evaluate-gate': judging,
      'version/register': ['judge-result', 'register-kept', 'git-push', 'register-state', 'outputs'],
    },
  },
  {
    name: 'a version without an environment becomes champion and is packed into an image',
    start: {},
    given: [],
    parts: [
      { job: 'version', runId: 1, steps: [{ action: 'train' }, { action: 'register' }] },
      { job: 'image', runId: 1, steps: [{ action: 'build-model-image' }] },
    ],
    boundaries: {
      'version/register': ['register-record', 'register-alias'],
      'image/build-model-image': ['git-fetch', 'image-files', 'image-build', 'image-push', 'image-record', 'git-push', 'outputs'],
    },
  },
]
