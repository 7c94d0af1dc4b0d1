const refuse = () => {
  throw new Error('danfojs-node reads and writes no Excel files here; use CSV or JSON')
}

module.exports = {
  read: refuse,
  readFile: refuse,
  writeFile: refuse,
  utils: { sheet_to_json: refuse, aoa_to_sheet: refuse, book_new: refuse, book_append_sheet: refuse },
}
