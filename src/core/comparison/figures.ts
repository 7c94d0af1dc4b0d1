/** A number as reports show it: four decimals, fewer for large ones, and more where rounding would hide on which side of `bound` it lies. */
export const figure = (value: number, bound?: number): string => {
  const size = Math.abs(value)
  let decimals = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 4
  let text = value.toFixed(decimals)
  while (bound !== undefined && value !== bound && Number(text) === bound && decimals < 12) text = value.toFixed(++decimals)
  return text.replace('-', '−')
}

/** A share that is short in words: 0.918. */
export const shortFigure = (value: number): string => (Math.abs(value) >= 10 ? figure(value) : value.toFixed(3).replace('-', '−'))

/** A margin or bound without the digits that a share of something brings: 0.02, 0.01588. */
export const shortMargin = (value: number): string => String(Number(value.toPrecision(4)))

const rowCount = (rows: number): string => rows.toLocaleString('en')

/** About how many rows, to two digits. */
export const aboutRows = (rows: number): string => rowCount(Number(Math.ceil(rows).toPrecision(2)))
