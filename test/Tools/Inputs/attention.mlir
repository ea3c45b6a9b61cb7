// The attention of --pattern=8:1,16:2 --causal with grouped heads, after a layer
// of calls.
func.func private @inner(%q: tensor<?x?x?x8xf32>, %k: tensor<?x?x?x8xf32>,
                         %v: tensor<?x?x?x8xf32>)
    -> (tensor<?x?x?x8xf32>, tensor<?x?x?xf32>) {
  %out, %lse = longnet.dilated_attention %q, %k, %v
      branches = [<segment = 8, dilation = 1>, <segment = 16, dilation = 2>] causal
      : (tensor<?x?x?x8xf32>, tensor<?x?x?x8xf32>, tensor<?x?x?x8xf32>)
     -> (tensor<?x?x?x8xf32>, tensor<?x?x?xf32>)
  return %out, %lse : tensor<?x?x?x8xf32>, tensor<?x?x?xf32>
}
func.func @attention(%q: tensor<?x?x?x8xf32>, %k: tensor<?x?x?x8xf32>,
                     %v: tensor<?x?x?x8xf32>)
    -> (tensor<?x?x?x8xf32>, tensor<?x?x?xf32>) {
  %out, %lse = call @inner(%q, %k, %v)
      : (tensor<?x?x?x8xf32>, tensor<?x?x?x8xf32>, tensor<?x?x?x8xf32>)
     -> (tensor<?x?x?x8xf32>, tensor<?x?x?xf32>)
  return %out, %lse : tensor<?x?x?x8xf32>, tensor<?x?x?xf32>
}
