// 0 is -0, and NaN is any NaN.
func.func @main() {
  %got1 = stablehlo.constant dense<[1.5, 0.0, 0x7E00, 0x7C00]> : tensor<4xf16>
  %want1 = stablehlo.constant dense<[1.5, -0.0, 0xFE00, 0x7C00]> : tensor<4xf16>
  stablehlo.custom_call @check.expect_eq(%got1, %want1) {has_side_effect = true}
      : (tensor<4xf16>, tensor<4xf16>) -> ()
  %got2 = stablehlo.constant dense<[1.5, 0.0, 0x7FC0, 0x7F80]> : tensor<4xbf16>
  %want2 = stablehlo.constant dense<[1.5, -0.0, 0xFFC0, 0x7F80]> : tensor<4xbf16>
  stablehlo.custom_call @check.expect_eq(%got2, %want2) {has_side_effect = true}
      : (tensor<4xbf16>, tensor<4xbf16>) -> ()
  %got3 = stablehlo.constant dense<[1.5, 0.0, 0x7FC00000, 0x7F800000]> : tensor<4xf32>
  %want3 = stablehlo.constant dense<[1.5, -0.0, 0xFFC00000, 0x7F800000]> : tensor<4xf32>
  stablehlo.custom_call @check.expect_eq(%got3, %want3) {has_side_effect = true}
      : (tensor<4xf32>, tensor<4xf32>) -> ()
  %got4 = stablehlo.constant dense<[1.5, 0.0, 0x7FF8000000000000, 0x7FF0000000000000]> : tensor<4xf64>
  %want4 = stablehlo.constant dense<[1.5, -0.0, 0xFFF8000000000000, 0x7FF0000000000000]> : tensor<4xf64>
  stablehlo.custom_call @check.expect_eq(%got4, %want4) {has_side_effect = true}
      : (tensor<4xf64>, tensor<4xf64>) -> ()
  return
}
