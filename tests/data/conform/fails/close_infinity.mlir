// The largest number is not close to infinity.
func.func @main() {
  %got1 = stablehlo.constant dense<[0x7BFF, 1.0]> : tensor<2xf16>
  %want1 = stablehlo.constant dense<[0x7C00, 1.0]> : tensor<2xf16>
  stablehlo.custom_call @check.expect_close(%got1, %want1) {has_side_effect = true}
      : (tensor<2xf16>, tensor<2xf16>) -> ()
  return
}
