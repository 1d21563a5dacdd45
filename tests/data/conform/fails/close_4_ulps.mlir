func.func @main() {
  %got1 = stablehlo.constant dense<[1.0, 0x3F84, 0x3F86, 1.0]> : tensor<4xbf16>
  %want1 = stablehlo.constant dense<[1.0, 1.0, 1.0, 1.0]> : tensor<4xbf16>
  stablehlo.custom_call @check.expect_close(%got1, %want1) {has_side_effect = true}
      : (tensor<4xbf16>, tensor<4xbf16>) -> ()
  return
}
