// The definition.
func.func @attention(%q: tensor<2x4x?x16xf32>, %k: tensor<2x4x?x16xf32>, %v: tensor<2x4x?x16xf32>)
    -> (tensor<2x4x?x16xf32>, tensor<2x4x?xf32>) {
  %out, %lse = longnet.dilated_attention %q, %k, %v
      branches = [<segment = 32, dilation = 1>, <segment = 48, dilation = 3>] causal
      : (tensor<2x4x?x16xf32>, tensor<2x4x?x16xf32>, tensor<2x4x?x16xf32>)
     -> (tensor<2x4x?x16xf32>, tensor<2x4x?xf32>)
  return %out, %lse : tensor<2x4x?x16xf32>, tensor<2x4x?xf32>
}
