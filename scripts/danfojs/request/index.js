const refuse = () => {
  throw new Error('danfojs-node reads no addresses here; fetch the file first and read it from the disk')
}

module.exports = Object.assign(refuse, { get: refuse })
