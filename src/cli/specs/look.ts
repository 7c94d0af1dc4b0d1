import { eventGroups } from '../../core/lineage/views/event-groups.ts'
import type { CommandSpec } from '../command.ts'
import { documentHead, jsonOption, modelOperand, modelOption, placeOptions } from './common.ts'

/** What is live now. */
export const statusSpec = {
  id: 'status',
  group: 'look',
  summary: 'Says what is live where, what is being rolled out, which version is champion and which are quarantined.',
  details:
    'It reads the newest record of the ledger and nothing else, so it is as quick after ten thousand records as after one. The record is checked before anything is said from it.',
  operands: [modelOperand],
  options: { model: modelOption, ...placeOptions, json: jsonOption },
  examples: [
    {
      type: 'status',
      prints: [
        'churn: 12 versions, ledger at seq 48',
        '  champion  v11',
        '',
        'environment  live  slot   under way   live before',
        'production   v11   green  v12 at 5 %  v10, v9',
        'rollout 3f9a1c2b0d7e in production: errors: canary 0/331 errors, stable 2/6287',
      ],
    },
    { type: 'status churn --json', prints: ['{', '  "schema": 1,', '  "model": "churn",', '  "champion": 11, ...'] },
  ],
  document: {
    ...documentHead,
    seq: 'seq of the newest record; 0 where there is none',
    head: 'digest of the newest record',
    versions: 'how many were registered',
    champion: 'number of the version, or null',
    challenger: 'number of the version, or null',
    aliases: 'numbers of versions by alias',
    environments: 'for each: what is live, rollout and rollback under way, what was live before',
    quarantined: 'versions that may not go live again, with the reason',
    pinned: 'versions whose files are kept whatever happens',
  },
} as const satisfies CommandSpec

/** The audit trail. */
export const logSpec = {
  id: 'log',
  group: 'look',
  summary: 'Lists the decisions in words, newest first: what was decided, with its numbers, when and by whom.',
  details:
    'Every record of the ledger is read and its chain checked first. Events of one record stand together. Looks at a rollout and weights about to be set are left out unless --all asks for them. Times are UTC.',
  operands: [modelOperand],
  options: {
    last: { value: 'n', form: 'whole', description: 'so many records at most; 20 by default' },
    since: { value: 'day', form: 'day', description: 'nothing older than this day (or moment) in UTC' },
    environment: { value: 'name', description: 'only what happened in this environment' },
    kind: { value: 'kind', choices: eventGroups, description: 'only decisions of this kind' },
    all: { description: 'every record that matches, with looks at rollouts' },
    model: modelOption,
    ...placeOptions,
    json: jsonOption,
  },
  examples: [
    {
      type: 'log --last 2',
      prints: [
        '2026-11-20 12:31  seq 48  ada, workflow run 1042 (model-release.yml)',
        '    the rollout in production ends, promoted: errors proven below 1 %',
        '    alias champion: v11 → v12',
        '2026-11-20 12:20  seq 47  ada, workflow run 1042 (model-release.yml)',
        '    the canary in production has 50 % of traffic',
        '46 older not shown: --last 48 or --all shows them',
      ],
    },
    {
      type: 'log churn --kind rollback --environment production --since 2026-10-01',
      prints: [
        '2026-11-02 03:12  seq 39  oncall, workflow run 977 (model-rollback.yml)',
        '    rollback in production v10 → v9, live in slot blue: errors doubled',
      ],
    },
  ],
  document: {
    ...documentHead,
    records_in_ledger: 'how many records the ledger has',
    left_out: 'records that match, yet hold looks at rollouts only',
    older: 'records that match and are older than those shown',
    records: 'newest first: seq, at, actor, workflow_run, workflow, commit, request and events (kind, version, environment, words)',
  },
} as const satisfies CommandSpec

/** One thing whole. */
export const showSpec = {
  id: 'show',
  group: 'look',
  summary: 'Shows everything that is known of a version, a run or a rollout.',
  details:
    'Of a version: metrics with intervals, how it was judged and against what, files with sizes and digests, what it was made from, where it is and was live, and whether it is quarantined. A run that became no version is shown from the log of runs and from the decision that kept it out.',
  operands: [
    {
      name: 'what',
      required: true,
      description: 'v12 or 12, an alias such as champion, a run such as churn-3f9a1c2b0d7e, or the id of a rollout',
    },
  ],
  options: { model: modelOption, ...placeOptions, json: jsonOption },
  examples: [
    {
      type: 'show champion',
      prints: [
        'churn v12  (champion)',
        '  judged      verdict pass, decision promote, against champion v11',
        '  registered  2026-11-20 12:00, seq 41, ada, workflow run 1042',
        '  run         churn-3f9a1c2b0d7e, trained 2026-11-20 11:52 in 3 min 41 s, ada, workflow run 1042',
        '',
        'Metrics',
        '  metric    value  interval',
        '  roc_auc  0.9288  [0.9229, 0.9348] ...',
      ],
    },
    {
      type: 'show churn-18d9be40f6c1',
      prints: [
        'churn run churn-18d9be40f6c1',
        '  became   kept out, verdict fail: churn must not merge: it is worse than champion v11 ...',
      ],
    },
  ],
  document: {
    ...documentHead,
    version: 'the version with all its facts, or null',
    run: 'a run that became no version: what became of it and its line in the log of runs, or null',
    rollout: 'a rollout with its weights and its end, or null',
  },
} as const satisfies CommandSpec

/** The log of runs. */
export const runsSpec = {
  id: 'runs',
  group: 'look',
  summary: 'Lists runs, newest first, with their metrics and what became of them.',
  details:
    'It reads the log of runs, which nothing is decided from: runs of pull requests and of jobs that may only read are not in it. Metrics are those that the script reported.',
  operands: [modelOperand],
  options: {
    last: { value: 'n', form: 'whole', description: 'so many runs at most; 20 by default' },
    metric: { value: 'name', description: 'shows this metric instead of the most common ones' },
    sort: { description: 'the best by --metric first; the highest where it is not known which way is better' },
    all: { description: 'every run' },
    model: modelOption,
    ...placeOptions,
    json: jsonOption,
  },
  examples: [
    {
      type: 'runs --last 2',
      prints: [
        'run                 when              who  commit   workflow run  became    roc_auc',
        'churn-3f9a1c2b0d7e  2026-11-20 11:52  ada  7d21e0a  1042          v12         0.929',
        'churn-18d9be40f6c1  2026-11-19 09:10  bob  90b1c22  1038          kept out    0.895',
      ],
    },
    {
      type: 'runs churn --metric roc_auc --sort --json',
      prints: ['{', '  "schema": 1,', '  "runs": [', '    { "run": "churn-3f9a1c2b0d7e", ...'],
    },
  ],
  document: {
    ...documentHead,
    runs_in_log: 'how many runs the log has',
    unreadable: 'lines of the log that are no runs of a form known here',
    runs: 'run, at, actor, commit, event, pull_request, workflow_run, job, input, metrics, version, outcome, verdict, reason',
  },
} as const satisfies CommandSpec

/** A metric over the versions. */
export const historySpec = {
  id: 'history',
  group: 'look',
  summary: 'Shows how a metric went from version to version, as a table with a chart of the intervals.',
  details:
    'Values and intervals are those that the versions were registered with, so they are comparable only as far as their holdouts are. Champions are marked, and with --environment only versions that were live there are shown, in the order they went live.',
  operands: [{ name: 'metric', required: true, description: 'name of a metric, such as roc_auc' }],
  options: {
    environment: { value: 'name', description: 'only versions that were live in this environment' },
    last: { value: 'n', form: 'whole', description: 'the newest so many only' },
    model: modelOption,
    ...placeOptions,
    json: jsonOption,
  },
  examples: [
    {
      type: 'history roc_auc --last 2',
      prints: [
        'roc_auc of churn, oldest first',
        'version  registered         value  interval          0.9118 to 0.9348',
        '    v11  2026-10-02 08:00  0.9179  [0.9118, 0.9240]  ├──────●───────┤                  ★ was champion',
        '    v12  2026-11-20 12:00  0.9288  [0.9229, 0.9348]                ├───────●────────┤  ★ champion, live in production',
      ],
    },
    { type: 'history recall --environment production --json', prints: ['{', '  "schema": 1,', '  "metric": "recall", ...'] },
  ],
  document: {
    ...documentHead,
    metric: 'name of the metric',
    environment: 'the environment, or null',
    points: 'version, registered, value, low, high, became_champion, is_champion, went_live, live_in, quarantined; oldest first',
  },
} as const satisfies CommandSpec

/** Where a version comes from. */
export const lineageSpec = {
  id: 'lineage',
  group: 'look',
  summary: 'Shows what a version was made from and what came of it: run, commit, data, params, champion, image, environments.',
  details:
    'Data is named with the other versions that read the same bytes, params with what differs from the champion it was judged against. --depth tells that champion in full as well, and the one before it. Mermaid can be pasted into an issue, DOT goes to Graphviz.',
  operands: [{ name: 'version', required: true, description: 'v12 or 12, an alias such as champion, or a run that became a version' }],
  options: {
    depth: { value: 'n', form: 'whole', from: 0, description: 'how many champions back are told in full; 1 by default' },
    format: { value: 'format', choices: ['tree', 'mermaid', 'dot', 'json'], description: 'tree by default' },
    model: modelOption,
    ...placeOptions,
    json: jsonOption,
  },
  examples: [
    {
      type: 'lineage v12 --depth 0',
      prints: [
        'churn v12  verdict pass, decision promote; champion  2026-11-20 12:00',
        '├─ made from run churn-3f9a1c2b0d7e  by ada, workflow run 1042  2026-11-20 11:52',
        '│  ├─ at commit 7d21e0a41c5b  acme/churn',
        '│  ├─ read data/train.csv  9c41d0e2aa10  read by v11, v12',
        '│  └─ with 4 params  changed since v11  max_depth 6 → 8',
        '├─ came by pull request #41',
        '├─ live in production  since 2026-11-20 12:31',
        '└─ judged against v11  verdict pass, decision promote  2026-10-02 08:00',
      ],
    },
    { type: 'lineage champion --format mermaid', prints: ['flowchart LR', '  n0(["v12<br>verdict pass, decision promote ..."])', '  ...'] },
  ],
  document: {
    ...documentHead,
    version: 'number of the version',
    depth: 'how many champions back are told in full',
    more_judged_against_it: 'versions judged against it beside the newest 20, which are nodes',
    nodes: 'id, kind, label, note, digest, at, used_by, changes',
    edges: 'from, to (ids of nodes), relation and note',
  },
} as const satisfies CommandSpec
