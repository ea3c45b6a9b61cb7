// A result that is no tensor.
func.func @number(%x: f32) -> f32 {
  return %x : f32
}
