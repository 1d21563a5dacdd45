func.func @main(%a: tensor<f32>) -> tensor<f32> {
  stablehlo.custom_call @check.expect_eq(%a, %a) : (tensor<f32>, tensor<f32>) -> ()
  return %a : tensor<f32>
}
