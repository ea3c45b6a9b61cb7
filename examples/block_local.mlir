// A pattern of one's own from the pieces: attention inside blocks of 512 rows
// combined with every eighth row of the whole sequence, the same rows for all
// heads. Both chains fuse into one kernel.
func.func @attention(%query: tensor<1x8x?x64xf32>, %key: tensor<1x8x?x64xf32>,
                     %value: tensor<1x8x?x64xf32>)
    -> (tensor<1x8x?x64xf32>, tensor<1x8x?xf32>) {
  %out, %lse = longnet.dilated_attention %query, %key, %value
      branches = [<segment = 512, dilation = 1>,
                  <segment = 281474976710656, dilation = 8, heads = none>]
      : (tensor<1x8x?x64xf32>, tensor<1x8x?x64xf32>, tensor<1x8x?x64xf32>)
     -> (tensor<1x8x?x64xf32>, tensor<1x8x?xf32>)
  return %out, %lse : tensor<1x8x?x64xf32>, tensor<1x8x?xf32>
}
