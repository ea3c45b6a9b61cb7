// A product of matrices that do not fit, seen when the cast is folded into it.
func.func @product(%x: tensor<4x8xf32>, %y: tensor<4x5xf32>,
                   %sums: tensor<4x5xf32>) -> tensor<4x5xf32> {
  %rows = tensor.cast %y : tensor<4x5xf32> to tensor<?x5xf32>
  %r =
      linalg.matmul ins(%x, %rows : tensor<4x8xf32>, tensor<?x5xf32>)
      outs(%sums : tensor<4x5xf32>) -> tensor<4x5xf32>
  return %r : tensor<4x5xf32>
}
