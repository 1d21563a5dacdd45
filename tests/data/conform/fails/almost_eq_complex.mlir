func.func @main() {
  %got1 = stablehlo.constant dense<[(1.0, 0.0)]> : tensor<1xcomplex<f32>>
  %want1 = stablehlo.constant dense<[(1.0, 0.01)]> : tensor<1xcomplex<f32>>
  stablehlo.custom_call @check.expect_almost_eq(%got1, %want1) {has_side_effect = true}
      : (tensor<1xcomplex<f32>>, tensor<1xcomplex<f32>>) -> ()
  return
}
