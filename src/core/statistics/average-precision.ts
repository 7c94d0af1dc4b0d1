/** Average precision with its standard error by the infinitesimal jackknife (see `byInfluence`). */
export interface AveragePrecision {
  readonly value: number
  readonly error: number
}

/**
 * Average precision, the sum of recall steps times precision over distinct scores from above, by labels in ascending order of their scores, `starts` marking each
 * score's first place. Needs a positive row. Costs two passes and no memory.
 */
export const averagePrecisionOf = (labels: Uint8Array, starts: Uint8Array): AveragePrecision => {
  const n = labels.length
  let hits = 0
  let tied = 0
  let total = 0
  for (let place = n - 1; place >= 0; place--) {
    tied += labels[place] as number
    if (starts[place] === 0) continue
    hits += tied
    total += tied * (hits / (n - place))
    tied = 0
  }
  // Divided once: a perfect order gives exactly 1.
  const positives = hits
  const value = total / positives
  let gained = 0
  let lost = 0
  let squares = 0
  for (let from = 0; from < n; ) {
    tied = labels[from] as number
    let to = from + 1
    while (to < n && starts[to] === 0) tied += labels[to++] as number
    const above = n - from
    const precision = hits / above
    // What one more unit of weight at or above this score changes in the precision that its positives see.
    gained += tied * (1 / above - hits / (above * above))
    lost += (-tied * hits) / (above * above)
    squares += tied * (precision - value + gained) ** 2 + (to - from - tied) * lost ** 2
    hits -= tied
    from = to
  }
  return { value, error: Math.sqrt((squares * n) / (n - 1)) / positives }
}
