func.func @main() {
  %got1 = stablehlo.constant dense<[(1.0, 2.0)]> : tensor<1xcomplex<f64>>
  %want1 = stablehlo.constant dense<[(1.0, 2.5)]> : tensor<1xcomplex<f64>>
  stablehlo.custom_call @check.expect_eq(%got1, %want1) {has_side_effect = true}
      : (tensor<1xcomplex<f64>>, tensor<1xcomplex<f64>>) -> ()
  return
}
