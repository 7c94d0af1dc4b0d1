import { describe, expect, it } from 'vitest'
import type { Predictions } from '../../../src/core/evaluation/predictions.ts'
import { compareReproduction } from '../../../src/core/evaluation/reproduction.ts'
import { binaryOf, otherOf } from './fixtures.ts'

const rows = Array.from({ length: 40 }, (_, row) => ({ id: `c${row}`, label: row % 2, score: ((row * 7) % 40) / 40 }))
const scored = binaryOf(rows)
/** As read from a file with a prediction column of its own. */
const predicting = (predicted: Uint16Array): Predictions => ({
  ...scored,
  predicted,
  threshold: null,
  source: { ...scored.source, columns: { ...scored.source.columns, prediction: 'prediction' } },
})
const perfect = Uint16Array.from(rows, row => row.label)

describe('a prediction column beside the scores', () => {
  it('is reproduced too: true scores do not vouch for predictions that the model never made', () => {
    const honest = predicting(scored.predicted as Uint16Array)
    expect(compareReproduction(honest, honest).reproduced).toBe(true)
    const { reproduced, sentence } = compareReproduction(predicting(perfect), honest)
    expect(reproduced).toBe(false)
    expect(sentence).toMatch(/does not reproduce its predictions: \d+ of 80 values differ/)
  })
  it('is as good where the threshold of the rules makes it of the saved model’s scores', () => {
    expect(compareReproduction(predicting(scored.predicted as Uint16Array), scored).reproduced).toBe(true)
    expect(compareReproduction(predicting(perfect), scored).reproduced).toBe(false)
  })
  it('that the saved model does not give is not reproduced, and it is said what to do', () => {
    expect(compareReproduction(predicting(perfect), { ...scored, predicted: null, threshold: null })).toEqual({
      reproduced: false,
      sentence:
        'the saved model gives no column "prediction", which the training script wrote and metrics are computed from: have predictions.score write it too, or name predictions.threshold and leave it out of both',
    })
  })
  it('asks nothing where the script wrote scores only: those within the tolerance may lie on the two sides of the threshold', () => {
    const flipped = Uint16Array.from(scored.predicted as Uint16Array, (code, row) => (row === 3 ? 1 - code : code))
    expect(compareReproduction(scored, { ...scored, predicted: flipped }).reproduced).toBe(true)
  })
  it('counts beside probabilities as well', () => {
    const labels = Uint16Array.from([0, 1, 2, 0])
    const probabilities = [0, 1, 2].map(index => Float64Array.from(labels, label => (label === index ? 0.4 : 0.3)))
    const of = (predicted: Uint16Array) => otherOf({ task: 'multiclass', classes: ['a', 'b', 'c'], labels, predicted, probabilities })
    expect(compareReproduction(of(labels), of(labels)).reproduced).toBe(true)
    expect(compareReproduction(of(labels), of(Uint16Array.from([1, 1, 1, 1]))).reproduced).toBe(false)
  })
  it('does not vouch for scores that the saved model does not give', () => {
    const honest = predicting(scored.predicted as Uint16Array)
    const { reproduced, sentence } = compareReproduction(honest, { ...honest, scores: null })
    expect(reproduced).toBe(false)
    expect(sentence).toMatch(/in other columns than the training script wrote/)
  })
})
