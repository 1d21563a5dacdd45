// The floats of microscaling formats.
func.func @main() {
  %got1 = stablehlo.constant dense<[0.5, -1.5, 4.0]> : tensor<3xf8E4M3>
  %want1 = stablehlo.constant dense<[0.5, -1.5, 4.0]> : tensor<3xf8E4M3>
  stablehlo.custom_call @check.expect_eq(%got1, %want1) {has_side_effect = true}
      : (tensor<3xf8E4M3>, tensor<3xf8E4M3>) -> ()
  %got2 = stablehlo.constant dense<[0.5, -1.5, 4.0]> : tensor<3xf8E3M4>
  %want2 = stablehlo.constant dense<[0.5, -1.5, 4.0]> : tensor<3xf8E3M4>
  stablehlo.custom_call @check.expect_eq(%got2, %want2) {has_side_effect = true}
      : (tensor<3xf8E3M4>, tensor<3xf8E3M4>) -> ()
  %got3 = stablehlo.constant dense<[0.5, 1.0, 4.0]> : tensor<3xf8E8M0FNU>
  %want3 = stablehlo.constant dense<[0.5, 1.0, 4.0]> : tensor<3xf8E8M0FNU>
  stablehlo.custom_call @check.expect_eq(%got3, %want3) {has_side_effect = true}
      : (tensor<3xf8E8M0FNU>, tensor<3xf8E8M0FNU>) -> ()
  %got4 = stablehlo.constant dense<[0.5, -1.5, 4.0, 6.0]> : tensor<4xf4E2M1FN>
  %want4 = stablehlo.constant dense<[0.5, -1.5, 4.0, 6.0]> : tensor<4xf4E2M1FN>
  stablehlo.custom_call @check.expect_eq(%got4, %want4) {has_side_effect = true}
      : (tensor<4xf4E2M1FN>, tensor<4xf4E2M1FN>) -> ()
  return
}
