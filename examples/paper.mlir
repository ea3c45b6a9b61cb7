// The pattern of LongNet's language model (arXiv 2307.02486) on any number of
// sequences, heads and tokens:
//
//   longnet-run paper.mlir --input=q.npy --input=k.npy --input=v.npy
//                          --output=out.npy --output=lse.npy
func.func @attention(%query: tensor<?x?x?x64xf32>, %key: tensor<?x?x?x64xf32>,
                     %value: tensor<?x?x?x64xf32>)
    -> (tensor<?x?x?x64xf32>, tensor<?x?x?xf32>) {
  %out, %lse = longnet.dilated_attention %query, %key, %value
      branches = [<segment = 2048, dilation = 1>, <segment = 4096, dilation = 2>,
                  <segment = 8192, dilation = 4>, <segment = 16384, dilation = 6>,
                  <segment = 32768, dilation = 12>] causal
      : (tensor<?x?x?x64xf32>, tensor<?x?x?x64xf32>, tensor<?x?x?x64xf32>)
     -> (tensor<?x?x?x64xf32>, tensor<?x?x?xf32>)
  return %out, %lse : tensor<?x?x?x64xf32>, tensor<?x?x?xf32>
}
