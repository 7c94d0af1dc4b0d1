// danfojs-node asks for the native TensorFlow binding, whose install script downloads a library from outside the registry. It only needs small tensors: the CPU backend does.
require('@tensorflow/tfjs-backend-cpu')
const tensorflow = require('@tensorflow/tfjs-core')

// Without it, the first operation prints an advertisement for the native binding.
tensorflow.enableProdMode()

// What danfojs-node calls as methods of tensors; the binding registers all operations there, tfjs-core none.
const operations =
  'add sub mul div pow mod maximum minimum max min mean sum argMax argMin greater greaterEqual less lessEqual equal notEqual abs transpose'
for (const operation of operations.split(' '))
  tensorflow.Tensor.prototype[operation] = function (...rest) {
    return tensorflow[operation](this, ...rest)
  }

module.exports = tensorflow
