module @argsort_descending attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<3x10xi16>) -> tensor<3x10xi64> {
    %0 = call @argsort(%arg0) : (tensor<3x10xi16>) -> tensor<3x10xi64>
    return %0 : tensor<3x10xi64>
  }
  func.func private @argsort(%arg0: tensor<3x10xi16>) -> tensor<3x10xi64> {
    %0 = stablehlo.iota dim = 1 : tensor<3x10xi64>
    %1 = stablehlo.reverse %arg0, dims = [1] : tensor<3x10xi16>
    %2 = stablehlo.reverse %0, dims = [1] : tensor<3x10xi64>
    %3:2 = "stablehlo.sort"(%1, %2) <{dimension = 1 : i64, is_stable = true}> ({
    ^bb0(%arg1: tensor<i16>, %arg2: tensor<i16>, %arg3: tensor<i64>, %arg4: tensor<i64>):
      %5 = stablehlo.compare LT, %arg1, %arg2, SIGNED : (tensor<i16>, tensor<i16>) -> tensor<i1>
      stablehlo.return %5 : tensor<i1>
    }) : (tensor<3x10xi16>, tensor<3x10xi64>) -> (tensor<3x10xi16>, tensor<3x10xi64>)
    %4 = stablehlo.reverse %3#1, dims = [1] : tensor<3x10xi64>
    return %4 : tensor<3x10xi64>
  }
}
