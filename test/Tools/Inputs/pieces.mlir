// Results whose sizes are neither an argument's nor constant.
func.func @pieces(%x: tensor<?x?x?x8xf32>)
    -> (tensor<?x?x?x?x8xf32>, tensor<?x?xindex>) {
  %rows, %at = longnet.segment %x by 8
      : (tensor<?x?x?x8xf32>) -> (tensor<?x?x?x?x8xf32>), tensor<?x?xindex>
  return %rows, %at : tensor<?x?x?x?x8xf32>, tensor<?x?xindex>
}
