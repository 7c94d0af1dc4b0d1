import type { CommandSpec } from '../command.ts'
import { documentHead, jsonOption, modelOperand, modelOption, placeOptions, storeOption } from './common.ts'

const applyOption = { description: 'does it; without this it only says what it would do' } as const

/** Is the ledger what was written, and are the files there? */
export const verifySpec = {
  id: 'verify',
  group: 'keep',
  summary: 'Checks that nothing was rewritten, dropped, reordered, forged or lost, and says what, which seq and since when.',
  details:
    'It reads every record and commit of the ledger, the tags of releases, which hold its commits, and (with a token, or with --store) the releases themselves. Exit code 0: all is well; 1: something is not, each in a sentence; 2: it could not be read.',
  operands: [modelOperand],
  options: {
    deep: {
      description:
        'downloads files of which the store has no digest, and asks GitHub for the workflow runs that the newest records name (100 at most)',
    },
    against: {
      value: 'copy',
      description: 'holds it against another copy of the ledger: a clone, a bundle of `refline backup`, or a URL',
      completes: 'file',
    },
    model: modelOption,
    ...placeOptions,
    store: storeOption,
    json: jsonOption,
  },
  examples: [
    { type: 'verify', prints: ['churn: chain verified: 48 events, 12 versions, 11 witnesses, 12 releases in 0.4 s'] },
    {
      type: 'verify churn --against ledger.bundle',
      prints: ['churn: NOT verified: 1 finding (44 events, ...', 'error: The newest events were taken away: ...'],
    },
  ],
  document: {
    ...documentHead,
    verified: 'whether there is no finding of severity error',
    events: 'how many records were read',
    versions: 'how many were registered',
    witnesses: 'tags and copies that sit on a commit of the ledger',
    releases: 'how many were held against the ledger; null where they were not read',
    workflow_runs: 'how many were held against records; null without --deep',
    unproven: 'versions of which the store does not know all digests, without --deep',
    findings: 'each with kind, severity, sentence, seq, since, subject and advice',
    seconds: 'how long it took',
  },
} as const satisfies CommandSpec

/** Half-finished work. */
export const repairSpec = {
  id: 'repair',
  group: 'keep',
  decides: true,
  summary: 'Finds what stopped jobs left half-finished, and with --apply finishes it.',
  details:
    'Drafts older than a day, releases without a record, records without a model card, aliases that were not moved, files that were given up and not deleted. A registration is completed only where everything that the job had checked is still so. Safe to repeat.',
  operands: [modelOperand],
  options: { apply: applyOption, model: modelOption, ...placeOptions, store: storeOption, json: jsonOption },
  examples: [
    {
      type: 'repair',
      prints: [
        'churn: 1 thing is half-finished',
        'The release refline/churn/3f9a1c2b0d7e is no version of churn',
        '  why: its job was stopped after ...',
        '  --apply would register it as v13: ...',
      ],
    },
    { type: 'repair churn --apply', prints: ['done: register it as v13'] },
  ],
  document: { ...documentHead, applied: 'whether it was done', proposals: 'each with subject, what, why, would and action' },
} as const satisfies CommandSpec

/** Files that nobody needs. */
export const gcSpec = {
  id: 'gc',
  group: 'keep',
  decides: true,
  summary: 'Gives up the files of versions that nobody needs, in two steps that lie 30 days apart.',
  details:
    'First a version is marked; 30 days later its release is deleted. Any use in between lifts the mark. Never anything that is live, was live last, carries an alias, takes part in a rollout, is pinned or is the newest. Records stay for ever.',
  operands: [modelOperand],
  options: {
    'older-than': { value: 'age', description: 'only versions that were registered so long ago, such as 90d; 90d by default' },
    keep: { value: 'n', form: 'whole', from: 0, description: 'the newest versions that stay whatever their age; 10 by default' },
    apply: applyOption,
    model: modelOption,
    ...placeOptions,
    store: storeOption,
    json: jsonOption,
  },
  examples: [
    { type: 'gc', prints: ['churn: would mark v1, v2; would delete the files of none', '  v3 stays: it is champion'] },
    { type: 'gc churn --older-than 180d --keep 20 --apply', prints: ['churn: marked v1, v2; deleted the files of none'] },
  ],
  document: {
    ...documentHead,
    applied: 'whether it was done',
    mark: 'versions that are marked for deletion',
    delete: 'versions whose files are deleted',
    waiting: 'versions that are marked, with the days until they may be deleted',
    staying: 'versions that stay, with the reason',
  },
} as const satisfies CommandSpec

const versionOperand = { name: 'version', required: true, description: 'number of the version, such as v3 or 3' } as const
const reasonOption = { value: 'text', description: 'why, for the audit trail', required: true } as const

/** Keeps files. */
export const pinSpec = {
  id: 'pin',
  group: 'keep',
  decides: true,
  summary: 'Keeps the files of a version whatever happens; a mark for deletion is lifted.',
  details: 'It writes an event to the ledger, so it needs a token or key that may push.',
  operands: [versionOperand],
  options: { reason: reasonOption, model: modelOption, ...placeOptions, json: jsonOption },
  examples: [
    { type: 'pin v3 --reason "cited in the audit of 2026"', prints: ['request desk-3f9a1c2b0d7e', 'pinned churn v3 (seq 49)'] },
    { type: 'pin 12 --model fraud --reason "in use at a customer"', prints: ['request desk-0b7d2e9c41aa', 'pinned fraud v12 (seq 31)'] },
  ],
  document: { ...documentHead, version: 'number of the version', outcome: 'appended, existing or nothing', seq: 'seq of the record' },
} as const satisfies CommandSpec

/** Lets go of them. */
export const unpinSpec = {
  id: 'unpin',
  group: 'keep',
  decides: true,
  summary: 'Takes a pin away, so that `refline gc` may give up the files of the version one day.',
  details: 'It writes an event to the ledger, so it needs a token or key that may push.',
  operands: [versionOperand],
  options: { reason: reasonOption, model: modelOption, ...placeOptions, json: jsonOption },
  examples: [
    { type: 'unpin v3 --reason "the audit is over"', prints: ['request desk-3f9a1c2b0d7e', 'unpinned churn v3 (seq 50)'] },
    {
      type: 'unpin 12 --model fraud --reason "the customer has v14"',
      prints: ['request desk-0b7d2e9c41aa', 'unpinned fraud v12 (seq 32)'],
    },
  ],
  document: { ...documentHead, version: 'number of the version', outcome: 'appended, existing or nothing', seq: 'seq of the record' },
} as const satisfies CommandSpec

/** A copy of all ledgers. */
export const backupSpec = {
  id: 'backup',
  group: 'keep',
  summary: 'Writes the ledgers of all models, with their logs of runs and the tags of releases, into one file.',
  details:
    'The file is a git bundle: git alone can read it, `refline restore` puts it back, and `refline verify --against` holds a ledger against it.',
  operands: [],
  options: {
    output: { value: 'file', description: 'the file to write', required: true, completes: 'file' },
    ...placeOptions,
    json: jsonOption,
  },
  examples: [
    { type: 'backup --output ledger.bundle', prints: ['ledger.bundle: 5 refs (churn, fraud), 14 tags'] },
    {
      type: 'backup --output ledger.bundle --ledger https://github.com/acme/churn.git',
      prints: ['ledger.bundle: 5 refs (churn, fraud), 14 tags'],
    },
  ],
  document: {
    schema: '1, until a name changes its meaning',
    file: 'the file',
    refs: 'refs in it',
    left_out: 'tags that stay with the code',
  },
} as const satisfies CommandSpec

/** And back. */
export const restoreSpec = {
  id: 'restore',
  group: 'keep',
  decides: true,
  summary: 'Puts ledgers and tags back from a file of `refline backup`: what is missing, and what is only behind.',
  details: 'The file is checked first, and every ledger in it. A ref that has other commits is never touched: nothing is forced.',
  operands: [{ name: 'bundle', required: true, description: 'the file', completes: 'file' }],
  options: { apply: applyOption, ...placeOptions, json: jsonOption },
  examples: [
    {
      type: 'restore ledger.bundle',
      prints: [
        'would create refs/refline/models/churn/decisions',
        'refs/refline/models/fraud/decisions is the same',
        'nothing was done; --apply does it',
      ],
    },
    {
      type: 'restore ledger.bundle --apply',
      prints: ['done: create refs/refline/models/churn/decisions', 'refs/refline/models/fraud/decisions is the same'],
    },
  ],
  document: {
    schema: '1, until a name changes its meaning',
    applied: 'whether it was done',
    refs: 'each with ref, commit and what: create, fast-forward, same, newer, differs',
  },
} as const satisfies CommandSpec

/** A shorter log of runs. */
export const compactSpec = {
  id: 'compact',
  group: 'keep',
  summary: 'Moves the lines of a long log of runs into segments, so that listing stays quick. Decisions are never touched.',
  details: 'Nothing is lost: `refline runs` reads segments as well. It does nothing below a thousand commits.',
  operands: [modelOperand],
  options: { model: modelOption, ...placeOptions, json: jsonOption },
  examples: [
    { type: 'compact churn', prints: ['churn: 4112 lines of the log of runs moved into segments'] },
    { type: 'compact churn --json', prints: ['{', '  "schema": 1,', '  "model": "churn",', '  "moved": 0'] },
  ],
  document: { ...documentHead, moved: 'lines that were moved' },
} as const satisfies CommandSpec

/** One push for a matrix. */
export const collectSpec = {
  id: 'collect',
  group: 'keep',
  summary: 'Writes the runs of all jobs of a matrix to the log of runs in one push.',
  details:
    'For a job that needs the matrix, whose jobs train with `log: collect`. It reads the run artifacts of this workflow run, or run folders below a folder. A run that is in the log already is not written again.',
  operands: [
    {
      name: 'folder',
      required: false,
      description: 'folder with run folders; the artifacts of this workflow run by default',
      completes: 'file',
    },
  ],
  options: { ...placeOptions, json: jsonOption },
  examples: [
    { type: 'collect', prints: ['churn: 24 runs found, 24 of them new in the log of runs'] },
    { type: 'collect downloaded-runs', prints: ['churn: 24 runs found, 0 of them new in the log of runs'] },
  ],
  document: { schema: '1, until a name changes its meaning', models: 'by model: runs that were found, and how many of them were new' },
} as const satisfies CommandSpec
