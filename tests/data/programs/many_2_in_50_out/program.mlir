module @many_2_in_50_out attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<4xf32>, %arg1: tensor<i32>) -> (tensor<4xf32>, tensor<1xi32>, tensor<4xi1>, tensor<4xf32>, tensor<1xi32>, tensor<4xi1>, tensor<4xf32>, tensor<1xi32>, tensor<4xi1>, tensor<4xf32>, tensor<1xi32>, tensor<4xi1>, tensor<4xf32>, tensor<1xi32>, tensor<4xi1>, tensor<4xf32>, tensor<1xi32>, tensor<4xi1>, tensor<4xf32>, tensor<1xi32>, tensor<4xi1>, tensor<4xf32>, tensor<1xi32>, tensor<4xi1>, tensor<4xf32>, tensor<1xi32>, tensor<4xi1>, tensor<4xf32>, tensor<1xi32>, tensor<4xi1>, tensor<4xf32>, tensor<1xi32>, tensor<4xi1>, tensor<4xf32>, tensor<1xi32>, tensor<4xi1>, tensor<4xf32>, tensor<1xi32>, tensor<4xi1>, tensor<4xf32>, tensor<1xi32>, tensor<4xi1>, tensor<4xf32>, tensor<1xi32>, tensor<4xi1>, tensor<4xf32>, tensor<1xi32>, tensor<4xi1>, tensor<4xf32>, tensor<1xi32>) {
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %0 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %1 = stablehlo.multiply %arg0, %0 : tensor<4xf32>
    %c = stablehlo.constant dense<0> : tensor<i32>
    %2 = stablehlo.add %arg1, %c : tensor<i32>
    %3 = stablehlo.reshape %2 : (tensor<i32>) -> tensor<1xi32>
    %cst_0 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %4 = stablehlo.broadcast_in_dim %cst_0, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %5 = stablehlo.multiply %arg0, %4 : tensor<4xf32>
    %cst_1 = stablehlo.constant dense<-2.500000e+01> : tensor<f32>
    %6 = stablehlo.broadcast_in_dim %cst_1, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %7 = stablehlo.compare GT, %5, %6, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_2 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %8 = stablehlo.broadcast_in_dim %cst_2, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %9 = stablehlo.multiply %arg0, %8 : tensor<4xf32>
    %c_3 = stablehlo.constant dense<1> : tensor<i32>
    %10 = stablehlo.add %arg1, %c_3 : tensor<i32>
    %11 = stablehlo.reshape %10 : (tensor<i32>) -> tensor<1xi32>
    %cst_4 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %12 = stablehlo.broadcast_in_dim %cst_4, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %13 = stablehlo.multiply %arg0, %12 : tensor<4xf32>
    %cst_5 = stablehlo.constant dense<-2.400000e+01> : tensor<f32>
    %14 = stablehlo.broadcast_in_dim %cst_5, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %15 = stablehlo.compare GT, %13, %14, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_6 = stablehlo.constant dense<2.000000e+00> : tensor<f32>
    %16 = stablehlo.broadcast_in_dim %cst_6, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %17 = stablehlo.multiply %arg0, %16 : tensor<4xf32>
    %c_7 = stablehlo.constant dense<2> : tensor<i32>
    %18 = stablehlo.add %arg1, %c_7 : tensor<i32>
    %19 = stablehlo.reshape %18 : (tensor<i32>) -> tensor<1xi32>
    %cst_8 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %20 = stablehlo.broadcast_in_dim %cst_8, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %21 = stablehlo.multiply %arg0, %20 : tensor<4xf32>
    %cst_9 = stablehlo.constant dense<-2.300000e+01> : tensor<f32>
    %22 = stablehlo.broadcast_in_dim %cst_9, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %23 = stablehlo.compare GT, %21, %22, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_10 = stablehlo.constant dense<3.000000e+00> : tensor<f32>
    %24 = stablehlo.broadcast_in_dim %cst_10, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %25 = stablehlo.multiply %arg0, %24 : tensor<4xf32>
    %c_11 = stablehlo.constant dense<3> : tensor<i32>
    %26 = stablehlo.add %arg1, %c_11 : tensor<i32>
    %27 = stablehlo.reshape %26 : (tensor<i32>) -> tensor<1xi32>
    %cst_12 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %28 = stablehlo.broadcast_in_dim %cst_12, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %29 = stablehlo.multiply %arg0, %28 : tensor<4xf32>
    %cst_13 = stablehlo.constant dense<-2.200000e+01> : tensor<f32>
    %30 = stablehlo.broadcast_in_dim %cst_13, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %31 = stablehlo.compare GT, %29, %30, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_14 = stablehlo.constant dense<4.000000e+00> : tensor<f32>
    %32 = stablehlo.broadcast_in_dim %cst_14, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %33 = stablehlo.multiply %arg0, %32 : tensor<4xf32>
    %c_15 = stablehlo.constant dense<4> : tensor<i32>
    %34 = stablehlo.add %arg1, %c_15 : tensor<i32>
    %35 = stablehlo.reshape %34 : (tensor<i32>) -> tensor<1xi32>
    %cst_16 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %36 = stablehlo.broadcast_in_dim %cst_16, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %37 = stablehlo.multiply %arg0, %36 : tensor<4xf32>
    %cst_17 = stablehlo.constant dense<-2.100000e+01> : tensor<f32>
    %38 = stablehlo.broadcast_in_dim %cst_17, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %39 = stablehlo.compare GT, %37, %38, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_18 = stablehlo.constant dense<5.000000e+00> : tensor<f32>
    %40 = stablehlo.broadcast_in_dim %cst_18, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %41 = stablehlo.multiply %arg0, %40 : tensor<4xf32>
    %c_19 = stablehlo.constant dense<5> : tensor<i32>
    %42 = stablehlo.add %arg1, %c_19 : tensor<i32>
    %43 = stablehlo.reshape %42 : (tensor<i32>) -> tensor<1xi32>
    %cst_20 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %44 = stablehlo.broadcast_in_dim %cst_20, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %45 = stablehlo.multiply %arg0, %44 : tensor<4xf32>
    %cst_21 = stablehlo.constant dense<-2.000000e+01> : tensor<f32>
    %46 = stablehlo.broadcast_in_dim %cst_21, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %47 = stablehlo.compare GT, %45, %46, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_22 = stablehlo.constant dense<6.000000e+00> : tensor<f32>
    %48 = stablehlo.broadcast_in_dim %cst_22, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %49 = stablehlo.multiply %arg0, %48 : tensor<4xf32>
    %c_23 = stablehlo.constant dense<6> : tensor<i32>
    %50 = stablehlo.add %arg1, %c_23 : tensor<i32>
    %51 = stablehlo.reshape %50 : (tensor<i32>) -> tensor<1xi32>
    %cst_24 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %52 = stablehlo.broadcast_in_dim %cst_24, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %53 = stablehlo.multiply %arg0, %52 : tensor<4xf32>
    %cst_25 = stablehlo.constant dense<-1.900000e+01> : tensor<f32>
    %54 = stablehlo.broadcast_in_dim %cst_25, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %55 = stablehlo.compare GT, %53, %54, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_26 = stablehlo.constant dense<7.000000e+00> : tensor<f32>
    %56 = stablehlo.broadcast_in_dim %cst_26, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %57 = stablehlo.multiply %arg0, %56 : tensor<4xf32>
    %c_27 = stablehlo.constant dense<7> : tensor<i32>
    %58 = stablehlo.add %arg1, %c_27 : tensor<i32>
    %59 = stablehlo.reshape %58 : (tensor<i32>) -> tensor<1xi32>
    %cst_28 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %60 = stablehlo.broadcast_in_dim %cst_28, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %61 = stablehlo.multiply %arg0, %60 : tensor<4xf32>
    %cst_29 = stablehlo.constant dense<-1.800000e+01> : tensor<f32>
    %62 = stablehlo.broadcast_in_dim %cst_29, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %63 = stablehlo.compare GT, %61, %62, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_30 = stablehlo.constant dense<8.000000e+00> : tensor<f32>
    %64 = stablehlo.broadcast_in_dim %cst_30, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %65 = stablehlo.multiply %arg0, %64 : tensor<4xf32>
    %c_31 = stablehlo.constant dense<8> : tensor<i32>
    %66 = stablehlo.add %arg1, %c_31 : tensor<i32>
    %67 = stablehlo.reshape %66 : (tensor<i32>) -> tensor<1xi32>
    %cst_32 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %68 = stablehlo.broadcast_in_dim %cst_32, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %69 = stablehlo.multiply %arg0, %68 : tensor<4xf32>
    %cst_33 = stablehlo.constant dense<-1.700000e+01> : tensor<f32>
    %70 = stablehlo.broadcast_in_dim %cst_33, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %71 = stablehlo.compare GT, %69, %70, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_34 = stablehlo.constant dense<9.000000e+00> : tensor<f32>
    %72 = stablehlo.broadcast_in_dim %cst_34, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %73 = stablehlo.multiply %arg0, %72 : tensor<4xf32>
    %c_35 = stablehlo.constant dense<9> : tensor<i32>
    %74 = stablehlo.add %arg1, %c_35 : tensor<i32>
    %75 = stablehlo.reshape %74 : (tensor<i32>) -> tensor<1xi32>
    %cst_36 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %76 = stablehlo.broadcast_in_dim %cst_36, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %77 = stablehlo.multiply %arg0, %76 : tensor<4xf32>
    %cst_37 = stablehlo.constant dense<-1.600000e+01> : tensor<f32>
    %78 = stablehlo.broadcast_in_dim %cst_37, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %79 = stablehlo.compare GT, %77, %78, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_38 = stablehlo.constant dense<1.000000e+01> : tensor<f32>
    %80 = stablehlo.broadcast_in_dim %cst_38, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %81 = stablehlo.multiply %arg0, %80 : tensor<4xf32>
    %c_39 = stablehlo.constant dense<10> : tensor<i32>
    %82 = stablehlo.add %arg1, %c_39 : tensor<i32>
    %83 = stablehlo.reshape %82 : (tensor<i32>) -> tensor<1xi32>
    %cst_40 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %84 = stablehlo.broadcast_in_dim %cst_40, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %85 = stablehlo.multiply %arg0, %84 : tensor<4xf32>
    %cst_41 = stablehlo.constant dense<-1.500000e+01> : tensor<f32>
    %86 = stablehlo.broadcast_in_dim %cst_41, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %87 = stablehlo.compare GT, %85, %86, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_42 = stablehlo.constant dense<1.100000e+01> : tensor<f32>
    %88 = stablehlo.broadcast_in_dim %cst_42, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %89 = stablehlo.multiply %arg0, %88 : tensor<4xf32>
    %c_43 = stablehlo.constant dense<11> : tensor<i32>
    %90 = stablehlo.add %arg1, %c_43 : tensor<i32>
    %91 = stablehlo.reshape %90 : (tensor<i32>) -> tensor<1xi32>
    %cst_44 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %92 = stablehlo.broadcast_in_dim %cst_44, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %93 = stablehlo.multiply %arg0, %92 : tensor<4xf32>
    %cst_45 = stablehlo.constant dense<-1.400000e+01> : tensor<f32>
    %94 = stablehlo.broadcast_in_dim %cst_45, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %95 = stablehlo.compare GT, %93, %94, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_46 = stablehlo.constant dense<1.200000e+01> : tensor<f32>
    %96 = stablehlo.broadcast_in_dim %cst_46, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %97 = stablehlo.multiply %arg0, %96 : tensor<4xf32>
    %c_47 = stablehlo.constant dense<12> : tensor<i32>
    %98 = stablehlo.add %arg1, %c_47 : tensor<i32>
    %99 = stablehlo.reshape %98 : (tensor<i32>) -> tensor<1xi32>
    %cst_48 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %100 = stablehlo.broadcast_in_dim %cst_48, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %101 = stablehlo.multiply %arg0, %100 : tensor<4xf32>
    %cst_49 = stablehlo.constant dense<-1.300000e+01> : tensor<f32>
    %102 = stablehlo.broadcast_in_dim %cst_49, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %103 = stablehlo.compare GT, %101, %102, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_50 = stablehlo.constant dense<1.300000e+01> : tensor<f32>
    %104 = stablehlo.broadcast_in_dim %cst_50, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %105 = stablehlo.multiply %arg0, %104 : tensor<4xf32>
    %c_51 = stablehlo.constant dense<13> : tensor<i32>
    %106 = stablehlo.add %arg1, %c_51 : tensor<i32>
    %107 = stablehlo.reshape %106 : (tensor<i32>) -> tensor<1xi32>
    %cst_52 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %108 = stablehlo.broadcast_in_dim %cst_52, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %109 = stablehlo.multiply %arg0, %108 : tensor<4xf32>
    %cst_53 = stablehlo.constant dense<-1.200000e+01> : tensor<f32>
    %110 = stablehlo.broadcast_in_dim %cst_53, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %111 = stablehlo.compare GT, %109, %110, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_54 = stablehlo.constant dense<1.400000e+01> : tensor<f32>
    %112 = stablehlo.broadcast_in_dim %cst_54, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %113 = stablehlo.multiply %arg0, %112 : tensor<4xf32>
    %c_55 = stablehlo.constant dense<14> : tensor<i32>
    %114 = stablehlo.add %arg1, %c_55 : tensor<i32>
    %115 = stablehlo.reshape %114 : (tensor<i32>) -> tensor<1xi32>
    %cst_56 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %116 = stablehlo.broadcast_in_dim %cst_56, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %117 = stablehlo.multiply %arg0, %116 : tensor<4xf32>
    %cst_57 = stablehlo.constant dense<-1.100000e+01> : tensor<f32>
    %118 = stablehlo.broadcast_in_dim %cst_57, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %119 = stablehlo.compare GT, %117, %118, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_58 = stablehlo.constant dense<1.500000e+01> : tensor<f32>
    %120 = stablehlo.broadcast_in_dim %cst_58, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %121 = stablehlo.multiply %arg0, %120 : tensor<4xf32>
    %c_59 = stablehlo.constant dense<15> : tensor<i32>
    %122 = stablehlo.add %arg1, %c_59 : tensor<i32>
    %123 = stablehlo.reshape %122 : (tensor<i32>) -> tensor<1xi32>
    %cst_60 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %124 = stablehlo.broadcast_in_dim %cst_60, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %125 = stablehlo.multiply %arg0, %124 : tensor<4xf32>
    %cst_61 = stablehlo.constant dense<-1.000000e+01> : tensor<f32>
    %126 = stablehlo.broadcast_in_dim %cst_61, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %127 = stablehlo.compare GT, %125, %126, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_62 = stablehlo.constant dense<1.600000e+01> : tensor<f32>
    %128 = stablehlo.broadcast_in_dim %cst_62, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %129 = stablehlo.multiply %arg0, %128 : tensor<4xf32>
    %c_63 = stablehlo.constant dense<16> : tensor<i32>
    %130 = stablehlo.add %arg1, %c_63 : tensor<i32>
    %131 = stablehlo.reshape %130 : (tensor<i32>) -> tensor<1xi32>
    %cst_64 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %132 = stablehlo.broadcast_in_dim %cst_64, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %133 = stablehlo.multiply %arg0, %132 : tensor<4xf32>
    %cst_65 = stablehlo.constant dense<-9.000000e+00> : tensor<f32>
    %134 = stablehlo.broadcast_in_dim %cst_65, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %135 = stablehlo.compare GT, %133, %134, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_66 = stablehlo.constant dense<1.700000e+01> : tensor<f32>
    %136 = stablehlo.broadcast_in_dim %cst_66, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %137 = stablehlo.multiply %arg0, %136 : tensor<4xf32>
    %c_67 = stablehlo.constant dense<17> : tensor<i32>
    %138 = stablehlo.add %arg1, %c_67 : tensor<i32>
    %139 = stablehlo.reshape %138 : (tensor<i32>) -> tensor<1xi32>
    %cst_68 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %140 = stablehlo.broadcast_in_dim %cst_68, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %141 = stablehlo.multiply %arg0, %140 : tensor<4xf32>
    %cst_69 = stablehlo.constant dense<-8.000000e+00> : tensor<f32>
    %142 = stablehlo.broadcast_in_dim %cst_69, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %143 = stablehlo.compare GT, %141, %142, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_70 = stablehlo.constant dense<1.800000e+01> : tensor<f32>
    %144 = stablehlo.broadcast_in_dim %cst_70, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %145 = stablehlo.multiply %arg0, %144 : tensor<4xf32>
    %c_71 = stablehlo.constant dense<18> : tensor<i32>
    %146 = stablehlo.add %arg1, %c_71 : tensor<i32>
    %147 = stablehlo.reshape %146 : (tensor<i32>) -> tensor<1xi32>
    %cst_72 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %148 = stablehlo.broadcast_in_dim %cst_72, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %149 = stablehlo.multiply %arg0, %148 : tensor<4xf32>
    %cst_73 = stablehlo.constant dense<-7.000000e+00> : tensor<f32>
    %150 = stablehlo.broadcast_in_dim %cst_73, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %151 = stablehlo.compare GT, %149, %150, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_74 = stablehlo.constant dense<1.900000e+01> : tensor<f32>
    %152 = stablehlo.broadcast_in_dim %cst_74, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %153 = stablehlo.multiply %arg0, %152 : tensor<4xf32>
    %c_75 = stablehlo.constant dense<19> : tensor<i32>
    %154 = stablehlo.add %arg1, %c_75 : tensor<i32>
    %155 = stablehlo.reshape %154 : (tensor<i32>) -> tensor<1xi32>
    %cst_76 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %156 = stablehlo.broadcast_in_dim %cst_76, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %157 = stablehlo.multiply %arg0, %156 : tensor<4xf32>
    %cst_77 = stablehlo.constant dense<-6.000000e+00> : tensor<f32>
    %158 = stablehlo.broadcast_in_dim %cst_77, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %159 = stablehlo.compare GT, %157, %158, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_78 = stablehlo.constant dense<2.000000e+01> : tensor<f32>
    %160 = stablehlo.broadcast_in_dim %cst_78, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %161 = stablehlo.multiply %arg0, %160 : tensor<4xf32>
    %c_79 = stablehlo.constant dense<20> : tensor<i32>
    %162 = stablehlo.add %arg1, %c_79 : tensor<i32>
    %163 = stablehlo.reshape %162 : (tensor<i32>) -> tensor<1xi32>
    %cst_80 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %164 = stablehlo.broadcast_in_dim %cst_80, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %165 = stablehlo.multiply %arg0, %164 : tensor<4xf32>
    %cst_81 = stablehlo.constant dense<-5.000000e+00> : tensor<f32>
    %166 = stablehlo.broadcast_in_dim %cst_81, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %167 = stablehlo.compare GT, %165, %166, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_82 = stablehlo.constant dense<2.100000e+01> : tensor<f32>
    %168 = stablehlo.broadcast_in_dim %cst_82, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %169 = stablehlo.multiply %arg0, %168 : tensor<4xf32>
    %c_83 = stablehlo.constant dense<21> : tensor<i32>
    %170 = stablehlo.add %arg1, %c_83 : tensor<i32>
    %171 = stablehlo.reshape %170 : (tensor<i32>) -> tensor<1xi32>
    %cst_84 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %172 = stablehlo.broadcast_in_dim %cst_84, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %173 = stablehlo.multiply %arg0, %172 : tensor<4xf32>
    %cst_85 = stablehlo.constant dense<-4.000000e+00> : tensor<f32>
    %174 = stablehlo.broadcast_in_dim %cst_85, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %175 = stablehlo.compare GT, %173, %174, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_86 = stablehlo.constant dense<2.200000e+01> : tensor<f32>
    %176 = stablehlo.broadcast_in_dim %cst_86, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %177 = stablehlo.multiply %arg0, %176 : tensor<4xf32>
    %c_87 = stablehlo.constant dense<22> : tensor<i32>
    %178 = stablehlo.add %arg1, %c_87 : tensor<i32>
    %179 = stablehlo.reshape %178 : (tensor<i32>) -> tensor<1xi32>
    %cst_88 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %180 = stablehlo.broadcast_in_dim %cst_88, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %181 = stablehlo.multiply %arg0, %180 : tensor<4xf32>
    %cst_89 = stablehlo.constant dense<-3.000000e+00> : tensor<f32>
    %182 = stablehlo.broadcast_in_dim %cst_89, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %183 = stablehlo.compare GT, %181, %182, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_90 = stablehlo.constant dense<2.300000e+01> : tensor<f32>
    %184 = stablehlo.broadcast_in_dim %cst_90, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %185 = stablehlo.multiply %arg0, %184 : tensor<4xf32>
    %c_91 = stablehlo.constant dense<23> : tensor<i32>
    %186 = stablehlo.add %arg1, %c_91 : tensor<i32>
    %187 = stablehlo.reshape %186 : (tensor<i32>) -> tensor<1xi32>
    %cst_92 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %188 = stablehlo.broadcast_in_dim %cst_92, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %189 = stablehlo.multiply %arg0, %188 : tensor<4xf32>
    %cst_93 = stablehlo.constant dense<-2.000000e+00> : tensor<f32>
    %190 = stablehlo.broadcast_in_dim %cst_93, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %191 = stablehlo.compare GT, %189, %190, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_94 = stablehlo.constant dense<2.400000e+01> : tensor<f32>
    %192 = stablehlo.broadcast_in_dim %cst_94, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %193 = stablehlo.multiply %arg0, %192 : tensor<4xf32>
    %c_95 = stablehlo.constant dense<24> : tensor<i32>
    %194 = stablehlo.add %arg1, %c_95 : tensor<i32>
    %195 = stablehlo.reshape %194 : (tensor<i32>) -> tensor<1xi32>
    %cst_96 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %196 = stablehlo.broadcast_in_dim %cst_96, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %197 = stablehlo.multiply %arg0, %196 : tensor<4xf32>
    %cst_97 = stablehlo.constant dense<-1.000000e+00> : tensor<f32>
    %198 = stablehlo.broadcast_in_dim %cst_97, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %199 = stablehlo.compare GT, %197, %198, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_98 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %200 = stablehlo.broadcast_in_dim %cst_98, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %201 = stablehlo.multiply %arg0, %200 : tensor<4xf32>
    %c_99 = stablehlo.constant dense<25> : tensor<i32>
    %202 = stablehlo.add %arg1, %c_99 : tensor<i32>
    %203 = stablehlo.reshape %202 : (tensor<i32>) -> tensor<1xi32>
    %cst_100 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %204 = stablehlo.broadcast_in_dim %cst_100, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %205 = stablehlo.multiply %arg0, %204 : tensor<4xf32>
    %cst_101 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %206 = stablehlo.broadcast_in_dim %cst_101, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %207 = stablehlo.compare GT, %205, %206, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_102 = stablehlo.constant dense<2.600000e+01> : tensor<f32>
    %208 = stablehlo.broadcast_in_dim %cst_102, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %209 = stablehlo.multiply %arg0, %208 : tensor<4xf32>
    %c_103 = stablehlo.constant dense<26> : tensor<i32>
    %210 = stablehlo.add %arg1, %c_103 : tensor<i32>
    %211 = stablehlo.reshape %210 : (tensor<i32>) -> tensor<1xi32>
    %cst_104 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %212 = stablehlo.broadcast_in_dim %cst_104, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %213 = stablehlo.multiply %arg0, %212 : tensor<4xf32>
    %cst_105 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %214 = stablehlo.broadcast_in_dim %cst_105, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %215 = stablehlo.compare GT, %213, %214, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_106 = stablehlo.constant dense<2.700000e+01> : tensor<f32>
    %216 = stablehlo.broadcast_in_dim %cst_106, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %217 = stablehlo.multiply %arg0, %216 : tensor<4xf32>
    %c_107 = stablehlo.constant dense<27> : tensor<i32>
    %218 = stablehlo.add %arg1, %c_107 : tensor<i32>
    %219 = stablehlo.reshape %218 : (tensor<i32>) -> tensor<1xi32>
    %cst_108 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %220 = stablehlo.broadcast_in_dim %cst_108, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %221 = stablehlo.multiply %arg0, %220 : tensor<4xf32>
    %cst_109 = stablehlo.constant dense<2.000000e+00> : tensor<f32>
    %222 = stablehlo.broadcast_in_dim %cst_109, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %223 = stablehlo.compare GT, %221, %222, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_110 = stablehlo.constant dense<2.800000e+01> : tensor<f32>
    %224 = stablehlo.broadcast_in_dim %cst_110, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %225 = stablehlo.multiply %arg0, %224 : tensor<4xf32>
    %c_111 = stablehlo.constant dense<28> : tensor<i32>
    %226 = stablehlo.add %arg1, %c_111 : tensor<i32>
    %227 = stablehlo.reshape %226 : (tensor<i32>) -> tensor<1xi32>
    %cst_112 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %228 = stablehlo.broadcast_in_dim %cst_112, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %229 = stablehlo.multiply %arg0, %228 : tensor<4xf32>
    %cst_113 = stablehlo.constant dense<3.000000e+00> : tensor<f32>
    %230 = stablehlo.broadcast_in_dim %cst_113, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %231 = stablehlo.compare GT, %229, %230, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_114 = stablehlo.constant dense<2.900000e+01> : tensor<f32>
    %232 = stablehlo.broadcast_in_dim %cst_114, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %233 = stablehlo.multiply %arg0, %232 : tensor<4xf32>
    %c_115 = stablehlo.constant dense<29> : tensor<i32>
    %234 = stablehlo.add %arg1, %c_115 : tensor<i32>
    %235 = stablehlo.reshape %234 : (tensor<i32>) -> tensor<1xi32>
    %cst_116 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %236 = stablehlo.broadcast_in_dim %cst_116, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %237 = stablehlo.multiply %arg0, %236 : tensor<4xf32>
    %cst_117 = stablehlo.constant dense<4.000000e+00> : tensor<f32>
    %238 = stablehlo.broadcast_in_dim %cst_117, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %239 = stablehlo.compare GT, %237, %238, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_118 = stablehlo.constant dense<3.000000e+01> : tensor<f32>
    %240 = stablehlo.broadcast_in_dim %cst_118, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %241 = stablehlo.multiply %arg0, %240 : tensor<4xf32>
    %c_119 = stablehlo.constant dense<30> : tensor<i32>
    %242 = stablehlo.add %arg1, %c_119 : tensor<i32>
    %243 = stablehlo.reshape %242 : (tensor<i32>) -> tensor<1xi32>
    %cst_120 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %244 = stablehlo.broadcast_in_dim %cst_120, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %245 = stablehlo.multiply %arg0, %244 : tensor<4xf32>
    %cst_121 = stablehlo.constant dense<5.000000e+00> : tensor<f32>
    %246 = stablehlo.broadcast_in_dim %cst_121, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %247 = stablehlo.compare GT, %245, %246, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_122 = stablehlo.constant dense<3.100000e+01> : tensor<f32>
    %248 = stablehlo.broadcast_in_dim %cst_122, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %249 = stablehlo.multiply %arg0, %248 : tensor<4xf32>
    %c_123 = stablehlo.constant dense<31> : tensor<i32>
    %250 = stablehlo.add %arg1, %c_123 : tensor<i32>
    %251 = stablehlo.reshape %250 : (tensor<i32>) -> tensor<1xi32>
    %cst_124 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %252 = stablehlo.broadcast_in_dim %cst_124, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %253 = stablehlo.multiply %arg0, %252 : tensor<4xf32>
    %cst_125 = stablehlo.constant dense<6.000000e+00> : tensor<f32>
    %254 = stablehlo.broadcast_in_dim %cst_125, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %255 = stablehlo.compare GT, %253, %254, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_126 = stablehlo.constant dense<3.200000e+01> : tensor<f32>
    %256 = stablehlo.broadcast_in_dim %cst_126, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %257 = stablehlo.multiply %arg0, %256 : tensor<4xf32>
    %c_127 = stablehlo.constant dense<32> : tensor<i32>
    %258 = stablehlo.add %arg1, %c_127 : tensor<i32>
    %259 = stablehlo.reshape %258 : (tensor<i32>) -> tensor<1xi32>
    %cst_128 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %260 = stablehlo.broadcast_in_dim %cst_128, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %261 = stablehlo.multiply %arg0, %260 : tensor<4xf32>
    %cst_129 = stablehlo.constant dense<7.000000e+00> : tensor<f32>
    %262 = stablehlo.broadcast_in_dim %cst_129, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %263 = stablehlo.compare GT, %261, %262, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_130 = stablehlo.constant dense<3.300000e+01> : tensor<f32>
    %264 = stablehlo.broadcast_in_dim %cst_130, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %265 = stablehlo.multiply %arg0, %264 : tensor<4xf32>
    %c_131 = stablehlo.constant dense<33> : tensor<i32>
    %266 = stablehlo.add %arg1, %c_131 : tensor<i32>
    %267 = stablehlo.reshape %266 : (tensor<i32>) -> tensor<1xi32>
    %cst_132 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %268 = stablehlo.broadcast_in_dim %cst_132, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %269 = stablehlo.multiply %arg0, %268 : tensor<4xf32>
    %cst_133 = stablehlo.constant dense<8.000000e+00> : tensor<f32>
    %270 = stablehlo.broadcast_in_dim %cst_133, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %271 = stablehlo.compare GT, %269, %270, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_134 = stablehlo.constant dense<3.400000e+01> : tensor<f32>
    %272 = stablehlo.broadcast_in_dim %cst_134, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %273 = stablehlo.multiply %arg0, %272 : tensor<4xf32>
    %c_135 = stablehlo.constant dense<34> : tensor<i32>
    %274 = stablehlo.add %arg1, %c_135 : tensor<i32>
    %275 = stablehlo.reshape %274 : (tensor<i32>) -> tensor<1xi32>
    %cst_136 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %276 = stablehlo.broadcast_in_dim %cst_136, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %277 = stablehlo.multiply %arg0, %276 : tensor<4xf32>
    %cst_137 = stablehlo.constant dense<9.000000e+00> : tensor<f32>
    %278 = stablehlo.broadcast_in_dim %cst_137, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %279 = stablehlo.compare GT, %277, %278, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_138 = stablehlo.constant dense<3.500000e+01> : tensor<f32>
    %280 = stablehlo.broadcast_in_dim %cst_138, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %281 = stablehlo.multiply %arg0, %280 : tensor<4xf32>
    %c_139 = stablehlo.constant dense<35> : tensor<i32>
    %282 = stablehlo.add %arg1, %c_139 : tensor<i32>
    %283 = stablehlo.reshape %282 : (tensor<i32>) -> tensor<1xi32>
    %cst_140 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %284 = stablehlo.broadcast_in_dim %cst_140, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %285 = stablehlo.multiply %arg0, %284 : tensor<4xf32>
    %cst_141 = stablehlo.constant dense<1.000000e+01> : tensor<f32>
    %286 = stablehlo.broadcast_in_dim %cst_141, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %287 = stablehlo.compare GT, %285, %286, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_142 = stablehlo.constant dense<3.600000e+01> : tensor<f32>
    %288 = stablehlo.broadcast_in_dim %cst_142, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %289 = stablehlo.multiply %arg0, %288 : tensor<4xf32>
    %c_143 = stablehlo.constant dense<36> : tensor<i32>
    %290 = stablehlo.add %arg1, %c_143 : tensor<i32>
    %291 = stablehlo.reshape %290 : (tensor<i32>) -> tensor<1xi32>
    %cst_144 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %292 = stablehlo.broadcast_in_dim %cst_144, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %293 = stablehlo.multiply %arg0, %292 : tensor<4xf32>
    %cst_145 = stablehlo.constant dense<1.100000e+01> : tensor<f32>
    %294 = stablehlo.broadcast_in_dim %cst_145, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %295 = stablehlo.compare GT, %293, %294, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_146 = stablehlo.constant dense<3.700000e+01> : tensor<f32>
    %296 = stablehlo.broadcast_in_dim %cst_146, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %297 = stablehlo.multiply %arg0, %296 : tensor<4xf32>
    %c_147 = stablehlo.constant dense<37> : tensor<i32>
    %298 = stablehlo.add %arg1, %c_147 : tensor<i32>
    %299 = stablehlo.reshape %298 : (tensor<i32>) -> tensor<1xi32>
    %cst_148 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %300 = stablehlo.broadcast_in_dim %cst_148, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %301 = stablehlo.multiply %arg0, %300 : tensor<4xf32>
    %cst_149 = stablehlo.constant dense<1.200000e+01> : tensor<f32>
    %302 = stablehlo.broadcast_in_dim %cst_149, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %303 = stablehlo.compare GT, %301, %302, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_150 = stablehlo.constant dense<3.800000e+01> : tensor<f32>
    %304 = stablehlo.broadcast_in_dim %cst_150, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %305 = stablehlo.multiply %arg0, %304 : tensor<4xf32>
    %c_151 = stablehlo.constant dense<38> : tensor<i32>
    %306 = stablehlo.add %arg1, %c_151 : tensor<i32>
    %307 = stablehlo.reshape %306 : (tensor<i32>) -> tensor<1xi32>
    %cst_152 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %308 = stablehlo.broadcast_in_dim %cst_152, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %309 = stablehlo.multiply %arg0, %308 : tensor<4xf32>
    %cst_153 = stablehlo.constant dense<1.300000e+01> : tensor<f32>
    %310 = stablehlo.broadcast_in_dim %cst_153, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %311 = stablehlo.compare GT, %309, %310, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_154 = stablehlo.constant dense<3.900000e+01> : tensor<f32>
    %312 = stablehlo.broadcast_in_dim %cst_154, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %313 = stablehlo.multiply %arg0, %312 : tensor<4xf32>
    %c_155 = stablehlo.constant dense<39> : tensor<i32>
    %314 = stablehlo.add %arg1, %c_155 : tensor<i32>
    %315 = stablehlo.reshape %314 : (tensor<i32>) -> tensor<1xi32>
    %cst_156 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %316 = stablehlo.broadcast_in_dim %cst_156, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %317 = stablehlo.multiply %arg0, %316 : tensor<4xf32>
    %cst_157 = stablehlo.constant dense<1.400000e+01> : tensor<f32>
    %318 = stablehlo.broadcast_in_dim %cst_157, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %319 = stablehlo.compare GT, %317, %318, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_158 = stablehlo.constant dense<4.000000e+01> : tensor<f32>
    %320 = stablehlo.broadcast_in_dim %cst_158, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %321 = stablehlo.multiply %arg0, %320 : tensor<4xf32>
    %c_159 = stablehlo.constant dense<40> : tensor<i32>
    %322 = stablehlo.add %arg1, %c_159 : tensor<i32>
    %323 = stablehlo.reshape %322 : (tensor<i32>) -> tensor<1xi32>
    %cst_160 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %324 = stablehlo.broadcast_in_dim %cst_160, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %325 = stablehlo.multiply %arg0, %324 : tensor<4xf32>
    %cst_161 = stablehlo.constant dense<1.500000e+01> : tensor<f32>
    %326 = stablehlo.broadcast_in_dim %cst_161, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %327 = stablehlo.compare GT, %325, %326, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_162 = stablehlo.constant dense<4.100000e+01> : tensor<f32>
    %328 = stablehlo.broadcast_in_dim %cst_162, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %329 = stablehlo.multiply %arg0, %328 : tensor<4xf32>
    %c_163 = stablehlo.constant dense<41> : tensor<i32>
    %330 = stablehlo.add %arg1, %c_163 : tensor<i32>
    %331 = stablehlo.reshape %330 : (tensor<i32>) -> tensor<1xi32>
    %cst_164 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %332 = stablehlo.broadcast_in_dim %cst_164, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %333 = stablehlo.multiply %arg0, %332 : tensor<4xf32>
    %cst_165 = stablehlo.constant dense<1.600000e+01> : tensor<f32>
    %334 = stablehlo.broadcast_in_dim %cst_165, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %335 = stablehlo.compare GT, %333, %334, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_166 = stablehlo.constant dense<4.200000e+01> : tensor<f32>
    %336 = stablehlo.broadcast_in_dim %cst_166, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %337 = stablehlo.multiply %arg0, %336 : tensor<4xf32>
    %c_167 = stablehlo.constant dense<42> : tensor<i32>
    %338 = stablehlo.add %arg1, %c_167 : tensor<i32>
    %339 = stablehlo.reshape %338 : (tensor<i32>) -> tensor<1xi32>
    %cst_168 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %340 = stablehlo.broadcast_in_dim %cst_168, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %341 = stablehlo.multiply %arg0, %340 : tensor<4xf32>
    %cst_169 = stablehlo.constant dense<1.700000e+01> : tensor<f32>
    %342 = stablehlo.broadcast_in_dim %cst_169, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %343 = stablehlo.compare GT, %341, %342, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_170 = stablehlo.constant dense<4.300000e+01> : tensor<f32>
    %344 = stablehlo.broadcast_in_dim %cst_170, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %345 = stablehlo.multiply %arg0, %344 : tensor<4xf32>
    %c_171 = stablehlo.constant dense<43> : tensor<i32>
    %346 = stablehlo.add %arg1, %c_171 : tensor<i32>
    %347 = stablehlo.reshape %346 : (tensor<i32>) -> tensor<1xi32>
    %cst_172 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %348 = stablehlo.broadcast_in_dim %cst_172, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %349 = stablehlo.multiply %arg0, %348 : tensor<4xf32>
    %cst_173 = stablehlo.constant dense<1.800000e+01> : tensor<f32>
    %350 = stablehlo.broadcast_in_dim %cst_173, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %351 = stablehlo.compare GT, %349, %350, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_174 = stablehlo.constant dense<4.400000e+01> : tensor<f32>
    %352 = stablehlo.broadcast_in_dim %cst_174, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %353 = stablehlo.multiply %arg0, %352 : tensor<4xf32>
    %c_175 = stablehlo.constant dense<44> : tensor<i32>
    %354 = stablehlo.add %arg1, %c_175 : tensor<i32>
    %355 = stablehlo.reshape %354 : (tensor<i32>) -> tensor<1xi32>
    %cst_176 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %356 = stablehlo.broadcast_in_dim %cst_176, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %357 = stablehlo.multiply %arg0, %356 : tensor<4xf32>
    %cst_177 = stablehlo.constant dense<1.900000e+01> : tensor<f32>
    %358 = stablehlo.broadcast_in_dim %cst_177, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %359 = stablehlo.compare GT, %357, %358, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_178 = stablehlo.constant dense<4.500000e+01> : tensor<f32>
    %360 = stablehlo.broadcast_in_dim %cst_178, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %361 = stablehlo.multiply %arg0, %360 : tensor<4xf32>
    %c_179 = stablehlo.constant dense<45> : tensor<i32>
    %362 = stablehlo.add %arg1, %c_179 : tensor<i32>
    %363 = stablehlo.reshape %362 : (tensor<i32>) -> tensor<1xi32>
    %cst_180 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %364 = stablehlo.broadcast_in_dim %cst_180, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %365 = stablehlo.multiply %arg0, %364 : tensor<4xf32>
    %cst_181 = stablehlo.constant dense<2.000000e+01> : tensor<f32>
    %366 = stablehlo.broadcast_in_dim %cst_181, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %367 = stablehlo.compare GT, %365, %366, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_182 = stablehlo.constant dense<4.600000e+01> : tensor<f32>
    %368 = stablehlo.broadcast_in_dim %cst_182, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %369 = stablehlo.multiply %arg0, %368 : tensor<4xf32>
    %c_183 = stablehlo.constant dense<46> : tensor<i32>
    %370 = stablehlo.add %arg1, %c_183 : tensor<i32>
    %371 = stablehlo.reshape %370 : (tensor<i32>) -> tensor<1xi32>
    %cst_184 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %372 = stablehlo.broadcast_in_dim %cst_184, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %373 = stablehlo.multiply %arg0, %372 : tensor<4xf32>
    %cst_185 = stablehlo.constant dense<2.100000e+01> : tensor<f32>
    %374 = stablehlo.broadcast_in_dim %cst_185, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %375 = stablehlo.compare GT, %373, %374, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_186 = stablehlo.constant dense<4.700000e+01> : tensor<f32>
    %376 = stablehlo.broadcast_in_dim %cst_186, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %377 = stablehlo.multiply %arg0, %376 : tensor<4xf32>
    %c_187 = stablehlo.constant dense<47> : tensor<i32>
    %378 = stablehlo.add %arg1, %c_187 : tensor<i32>
    %379 = stablehlo.reshape %378 : (tensor<i32>) -> tensor<1xi32>
    %cst_188 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %380 = stablehlo.broadcast_in_dim %cst_188, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %381 = stablehlo.multiply %arg0, %380 : tensor<4xf32>
    %cst_189 = stablehlo.constant dense<2.200000e+01> : tensor<f32>
    %382 = stablehlo.broadcast_in_dim %cst_189, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %383 = stablehlo.compare GT, %381, %382, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_190 = stablehlo.constant dense<4.800000e+01> : tensor<f32>
    %384 = stablehlo.broadcast_in_dim %cst_190, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %385 = stablehlo.multiply %arg0, %384 : tensor<4xf32>
    %c_191 = stablehlo.constant dense<48> : tensor<i32>
    %386 = stablehlo.add %arg1, %c_191 : tensor<i32>
    %387 = stablehlo.reshape %386 : (tensor<i32>) -> tensor<1xi32>
    %cst_192 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %388 = stablehlo.broadcast_in_dim %cst_192, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %389 = stablehlo.multiply %arg0, %388 : tensor<4xf32>
    %cst_193 = stablehlo.constant dense<2.300000e+01> : tensor<f32>
    %390 = stablehlo.broadcast_in_dim %cst_193, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %391 = stablehlo.compare GT, %389, %390, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    %cst_194 = stablehlo.constant dense<4.900000e+01> : tensor<f32>
    %392 = stablehlo.broadcast_in_dim %cst_194, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %393 = stablehlo.multiply %arg0, %392 : tensor<4xf32>
    %c_195 = stablehlo.constant dense<49> : tensor<i32>
    %394 = stablehlo.add %arg1, %c_195 : tensor<i32>
    %395 = stablehlo.reshape %394 : (tensor<i32>) -> tensor<1xi32>
    %cst_196 = stablehlo.constant dense<2.500000e+01> : tensor<f32>
    %396 = stablehlo.broadcast_in_dim %cst_196, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %397 = stablehlo.multiply %arg0, %396 : tensor<4xf32>
    %cst_197 = stablehlo.constant dense<2.400000e+01> : tensor<f32>
    %398 = stablehlo.broadcast_in_dim %cst_197, dims = [] : (tensor<f32>) -> tensor<4xf32>
    %399 = stablehlo.compare GT, %397, %398, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
    return %1, %11, %23, %25, %35, %47, %49, %59, %71, %73, %83, %95, %97, %107, %119, %121, %131, %143, %145, %155, %167, %169, %179, %191, %193, %203, %215, %217, %227, %239, %241, %251, %263, %265, %275, %287, %289, %299, %311, %313, %323, %335, %337, %347, %359, %361, %371, %383, %385, %395 : tensor<4xf32>, tensor<1xi32>, tensor<4xi1>, tensor<4xf32>, tensor<1xi32>, tensor<4xi1>, tensor<4xf32>, tensor<1xi32>, tensor<4xi1>, tensor<4xf32>, tensor<1xi32>, tensor<4xi1>, tensor<4xf32>, tensor<1xi32>, tensor<4xi1>, tensor<4xf32>, tensor<1xi32>, tensor<4xi1>, tensor<4xf32>, tensor<1xi32>, tensor<4xi1>, tensor<4xf32>, tensor<1xi32>, tensor<4xi1>, tensor<4xf32>, tensor<1xi32>, tensor<4xi1>, tensor<4xf32>, tensor<1xi32>, tensor<4xi1>, tensor<4xf32>, tensor<1xi32>, tensor<4xi1>, tensor<4xf32>, tensor<1xi32>, tensor<4xi1>, tensor<4xf32>, tensor<1xi32>, tensor<4xi1>, tensor<4xf32>, tensor<1xi32>, tensor<4xi1>, tensor<4xf32>, tensor<1xi32>, tensor<4xi1>, tensor<4xf32>, tensor<1xi32>, tensor<4xi1>, tensor<4xf32>, tensor<1xi32>
  }
}
