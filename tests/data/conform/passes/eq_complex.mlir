func.func @main() {
  %got1 = stablehlo.constant dense<[(1.0, -2.0), (0.0, 3.0)]> : tensor<2xcomplex<f32>>
  %want1 = stablehlo.constant dense<[(1.0, -2.0), (-0.0, 3.0)]> : tensor<2xcomplex<f32>>
  stablehlo.custom_call @check.expect_eq(%got1, %want1) {has_side_effect = true}
      : (tensor<2xcomplex<f32>>, tensor<2xcomplex<f32>>) -> ()
  %got2 = stablehlo.constant dense<[(1.0, -2.0), (0.0, 3.0)]> : tensor<2xcomplex<f64>>
  %want2 = stablehlo.constant dense<[(1.0, -2.0), (-0.0, 3.0)]> : tensor<2xcomplex<f64>>
  stablehlo.custom_call @check.expect_eq(%got2, %want2) {has_side_effect = true}
      : (tensor<2xcomplex<f64>>, tensor<2xcomplex<f64>>) -> ()
  return
}
