func.func @main() {
  %got1 = stablehlo.constant dense<[(1.00000036, 2.0)]> : tensor<1xcomplex<f32>>
  %want1 = stablehlo.constant dense<[(1.0, 2.0)]> : tensor<1xcomplex<f32>>
  stablehlo.custom_call @check.expect_close(%got1, %want1) {has_side_effect = true}
      : (tensor<1xcomplex<f32>>, tensor<1xcomplex<f32>>) -> ()
  %got2 = stablehlo.constant dense<[(1.0, -2.5)]> : tensor<1xcomplex<f64>>
  %want2 = stablehlo.constant dense<[(1.0, -2.5)]> : tensor<1xcomplex<f64>>
  stablehlo.custom_call @check.expect_close(%got2, %want2) {has_side_effect = true}
      : (tensor<1xcomplex<f64>>, tensor<1xcomplex<f64>>) -> ()
  return
}
