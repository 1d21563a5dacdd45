// Floats of a byte, as XLA has had them for long.
func.func @main() {
  %got1 = stablehlo.constant dense<[0.5, -1.5, 4.0]> : tensor<3xf8E4M3FN>
  %want1 = stablehlo.constant dense<[0.5, -1.5, 4.0]> : tensor<3xf8E4M3FN>
  stablehlo.custom_call @check.expect_eq(%got1, %want1) {has_side_effect = true}
      : (tensor<3xf8E4M3FN>, tensor<3xf8E4M3FN>) -> ()
  %got2 = stablehlo.constant dense<[0.5, -1.5, 4.0]> : tensor<3xf8E5M2>
  %want2 = stablehlo.constant dense<[0.5, -1.5, 4.0]> : tensor<3xf8E5M2>
  stablehlo.custom_call @check.expect_eq(%got2, %want2) {has_side_effect = true}
      : (tensor<3xf8E5M2>, tensor<3xf8E5M2>) -> ()
  %got3 = stablehlo.constant dense<[0.5, -1.5, 4.0]> : tensor<3xf8E4M3B11FNUZ>
  %want3 = stablehlo.constant dense<[0.5, -1.5, 4.0]> : tensor<3xf8E4M3B11FNUZ>
  stablehlo.custom_call @check.expect_eq(%got3, %want3) {has_side_effect = true}
      : (tensor<3xf8E4M3B11FNUZ>, tensor<3xf8E4M3B11FNUZ>) -> ()
  %got4 = stablehlo.constant dense<[0.5, -1.5, 4.0]> : tensor<3xf8E4M3FNUZ>
  %want4 = stablehlo.constant dense<[0.5, -1.5, 4.0]> : tensor<3xf8E4M3FNUZ>
  stablehlo.custom_call @check.expect_eq(%got4, %want4) {has_side_effect = true}
      : (tensor<3xf8E4M3FNUZ>, tensor<3xf8E4M3FNUZ>) -> ()
  %got5 = stablehlo.constant dense<[0.5, -1.5, 4.0]> : tensor<3xf8E5M2FNUZ>
  %want5 = stablehlo.constant dense<[0.5, -1.5, 4.0]> : tensor<3xf8E5M2FNUZ>
  stablehlo.custom_call @check.expect_eq(%got5, %want5) {has_side_effect = true}
      : (tensor<3xf8E5M2FNUZ>, tensor<3xf8E5M2FNUZ>) -> ()
  return
}
