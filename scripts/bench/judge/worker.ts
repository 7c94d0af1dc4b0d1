import { parentPort, workerData } from 'node:worker_threads'
import { sections } from './sections.ts'
import { runCell } from './trials.ts'

// One of the threads of `npm run bench -- judge`: rolls out the cells whose numbers it is told, one after the other.

const { runs, seed } = workerData as { readonly runs: number; readonly seed: number }
const cells = sections.flatMap(section => section.cells)

parentPort?.on('message', (index: number) => {
  const cell = cells[index]
  if (!cell) throw new Error(`there is no cell ${index}`)
  parentPort?.postMessage({ index, tally: runCell(cell, runs, seed) })
})
