// The program's own tolerance.
func.func @main() {
  %got1 = stablehlo.constant dense<[1.0, 4.0]> : tensor<2xf64>
  %want1 = stablehlo.constant dense<[1.5, 6.0]> : tensor<2xf64>
  stablehlo.custom_call @check.expect_almost_eq(%got1, %want1) {tolerance = 5.0e-1 : f64, has_side_effect = true}
      : (tensor<2xf64>, tensor<2xf64>) -> ()
  return
}
